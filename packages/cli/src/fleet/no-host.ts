/** What is said of a fleet in which nobody serves. */
export const NO_HOST = '[no host is in the fleet: holdfast serve --fleet makes its machine one]';
