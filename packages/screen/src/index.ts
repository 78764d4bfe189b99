export { differences } from './differences.ts';
export { Emulator, Emulators, SCROLLBACK_LINES, type ScreenSize } from './emulator.ts';
export { SafeOffset } from './safe-offset.ts';
export { type SerializeOptions, Serializer } from './serializer.ts';
