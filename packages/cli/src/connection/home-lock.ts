// A file of its own, so that importing it when it is needed loads libc, and importing the rest of supervisor does not.
export { isHomeInUse } from '@holdfast/supervisor';
