export * from './build.ts';
export * from './errors.ts';
export * from './frame-reader.ts';
export * from './frames.ts';
export * from './incomplete.ts';
export * from './limits.ts';
export * from './messages.ts';
export * from './own-error.ts';
