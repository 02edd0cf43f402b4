#!/usr/bin/env node
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DemoError } from '../DemoError.js';
import { parsePictureArguments, USAGE } from './parsePictureArguments.js';
import { takeScreenshots } from './takeScreenshots.js';

const FOLDER = fileURLToPath(new URL('../../../docs/images/', import.meta.url));

try {
  const { help, ...choice } = parsePictureArguments(process.argv.slice(2));
  if (help) console.log(USAGE);
  else {
    await takeScreenshots({
      ...choice,
      folder: FOLDER,
      progress: process.stderr,
      onNote: (sentence) => console.log(sentence),
      onPicture: (file) => console.log(relative(process.cwd(), file)),
    });
  }
} catch (error) {
  console.error(error instanceof DemoError ? error.message : error);
  process.exitCode = 1;
}
// Everything is closed by now; a handle that a library forgot must not keep the terminal.
process.exit();
