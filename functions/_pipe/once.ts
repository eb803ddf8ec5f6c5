/** Makes a value at the first call and keeps it for the life of the process: a warm function starts from it. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
