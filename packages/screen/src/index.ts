export { type Checkpoint, type Doubt, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
export { differences, modeDifferences } from './differences.ts';
export { Emulator, Emulators, SCROLLBACK_LINES, type ScreenSize } from './emulator.ts';
export { drawHtml } from './html-drawing.ts';
export { screenAnswer } from './screen-answer.ts';
export { SafeOffset } from './safe-offset.ts';
export { type SerializeOptions, Serializer } from './serializer.ts';
export { Skimmer } from './skimmer.ts';
export { drawAnsi, drawText } from './text-drawing.ts';
