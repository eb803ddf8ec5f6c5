/** How `lading scan` can print. */
export const scanFormats = ['table', 'json', 'sarif', 'cyclonedx', 'openvex', 'html'] as const;
export type ScanFormat = (typeof scanFormats)[number];
