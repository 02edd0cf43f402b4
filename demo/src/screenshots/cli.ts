#!/usr/bin/env node
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DemoError } from '../DemoError.js';
import { takeScreenshots } from './takeScreenshots.js';

const FOLDER = fileURLToPath(new URL('../../../docs/images/', import.meta.url));

console.log('Plays the scripted meeting and takes pictures of it; this takes a bit more than a minute.');
try {
  await takeScreenshots({ folder: FOLDER, onPicture: (file) => console.log(relative(process.cwd(), file)) });
} catch (error) {
  console.error(error instanceof DemoError ? error.message : error);
  process.exitCode = 1;
}
// Everything is closed by now; a handle that a library forgot must not keep the terminal.
process.exit();
