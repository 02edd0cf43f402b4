#!/usr/bin/env node
/** The command line: `parley start`, `parley models ...`, `parley keys ...`, `parley transcribe`, `parley settings`, `parley modes`. */
import { modesTable, settingsTables } from '../config/tables.js';
import { helpText, modesText, settingsText } from './help.js';
import { keysCommand } from './keysCommand.js';
import { modelsCommand } from './modelsCommand.js';
import { startCommand } from './startCommand.js';
import { TRANSCRIBE_USAGE, transcribeCommand } from './transcribeCommand.js';

const [command = 'help', ...args] = process.argv.slice(2);
const asksForHelp = args.includes('--help') || args.includes('-h');

switch (asksForHelp && command !== 'transcribe' ? 'help' : command) {
  case 'start':
    await startCommand(args);
    break;
  case 'models':
    process.exitCode = await modelsCommand(args);
    break;
  case 'transcribe':
    if (asksForHelp) process.stdout.write(TRANSCRIBE_USAGE);
    else process.exitCode = await transcribeCommand(args);
    break;
  case 'keys':
    process.exitCode = await keysCommand(args);
    break;
  case 'settings':
    process.stdout.write(args.includes('--markdown') ? settingsTables() : settingsText());
    break;
  case 'modes':
    process.stdout.write(args.includes('--markdown') ? modesTable() : modesText());
    break;
  case 'help':
  case '--help':
  case '-h':
    process.stdout.write(helpText());
    break;
  default:
    process.stderr.write(`Unknown command "${command}".\n\n${helpText()}`);
    process.exitCode = 1;
}
