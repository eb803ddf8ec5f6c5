export { childrenNamed, childText, readXmlDocument, type XmlElement } from './read-xml.ts';
export { element, writeXml, type XmlNode } from './write-xml.ts';
