/** Installs the peers into this folder, where git ignores them. A machine without Python gets those of Node alone. */
import { spawnSync } from 'node:child_process';

function run(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { cwd: import.meta.dirname, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

const hasNode = run('npm', 'install', '--no-audit', '--no-fund', '--no-package-lock');
const hasPython =
  run('python3', '-m', 'venv', '.venv') &&
  run('.venv/bin/pip', 'install', '--quiet', '--requirement', 'requirements.txt');
if (!hasPython) console.error('Gradio and Streamlit could not be installed: their rows will be skipped.');
process.exitCode = hasNode ? 0 : 1;
