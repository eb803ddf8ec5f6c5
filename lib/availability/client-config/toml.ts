/** A basic string (TOML 1.0, "String"), which knows every escape that JSON writes. */
export const tomlString = (text: string): string => JSON.stringify(text).replaceAll('\u007f', '\\u007f');
