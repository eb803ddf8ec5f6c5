/**
 * Makes a value at the first call and keeps it. For what takes long to make and is not always wanted, such as the checks
 * of stored data where nothing stored is read.
 */
export function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
