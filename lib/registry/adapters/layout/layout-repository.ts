/** The name of the one repository of a layout or archive where none is given. */
export const LAYOUT_REPOSITORY = 'layout';
