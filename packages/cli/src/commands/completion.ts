import { parseChoice } from '../arguments/choice.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../output/exit-codes.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export const completionCommand = defineCommand({
  name: 'completion',
  summary: 'print the completion script of a shell',
  cannot: "can't print the completion script",
  operands: { SHELL: { required: true, complete: SHELLS, summary: 'bash, zsh or fish' } },
  options: {},
  details: [
    'bash:  source <(holdfast completion bash)  in ~/.bashrc',
    'zsh:   source <(holdfast completion zsh)   in ~/.zshrc, after compinit',
    'fish:  holdfast completion fish | source   in ~/.config/fish/config.fish',
  ],
  async run({ operands }, context) {
    const shell = parseChoice('SHELL', operands.SHELL, SHELLS);
    const { completionScript } = await import('../completion/script.ts');
    context.print(completionScript(shell, await context.loadCommands()));
    return EXIT.done;
  },
});
