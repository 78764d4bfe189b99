import { parseFactor } from '../arguments/numbers.ts';
import { defineCommand } from '../command.ts';

export const playCommand = defineCommand({
  name: 'play',
  summary: 'show a recording in this terminal, in its time',
  cannot: "can't play",
  operands: {
    FILE: {
      required: true,
      summary: 'what export has written, or asciinema (asciicast 2 or 3); - is stdin',
      complete: 'file',
    },
  },
  options: {
    speed: { kind: 'value', value: 'FACTOR', summary: 'so much faster: 2, 0.5 (default: 1)' },
    'idle-limit': {
      kind: 'value',
      short: 'i',
      value: 'SECONDS',
      summary: 'no pause is longer than that (default: what the recording says)',
    },
  },
  details: ['Space pauses and goes on; . shows the next output of a paused recording; Ctrl-C ends it.'],
  async run({ options, operands }, context) {
    const { speed, 'idle-limit': idleLimit } = options;
    const how = {
      file: operands.FILE,
      speed: speed === undefined ? 1 : parseFactor('--speed', speed),
      idleLimit: idleLimit === undefined ? undefined : parseFactor('--idle-limit', idleLimit),
    };
    const { playFile } = await import('../terminal/play-file.ts');
    return playFile(context, how);
  },
});
