export { readXml, type XmlElement, XmlError, type XmlHandler } from './read-xml.ts';
