/** Where the measures of functions are found in CloudWatch: the namespace, and the one dimension, a function's physical name. */
export const METRIC_NAMESPACE = 'Lading';
export const METRIC_DIMENSION = 'FunctionName';
