import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createProgress } from '../lib/progress.mjs';
import { reasonOf } from '../lib/reasonOf.mjs';
import { ensureKeycloak, KEYCLOAK_VERSION } from './keycloak.mjs';

const ARCHIVE = 'the archive';
const NAME = `keycloak-${KEYCLOAK_VERSION}`;

let root;
let cacheDir;
let home;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'parley-keycloak-step-'));
  cacheDir = join(root, 'cache');
  home = join(cacheDir, NAME);
  await mkdir(cacheDir);
  vi.stubEnv('PATH', `${join(root, 'bin')}${delimiter}${process.env.PATH}`);
  await program('bin/java', 'exit 0');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

/** A stand-in for a program: says how it was called in a file of its own. */
async function program(path, script) {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\necho "$@" >> ${file}.calls\n${script}\n`);
  await chmod(file, 0o755);
  return async () => (await readFile(`${file}.calls`, 'utf8').catch(() => '')).split('\n').filter(Boolean);
}

/** A Maven that unpacks a distribution whose kc.sh does what `build` says. */
function maven({ archive = ARCHIVE, build = 'touch "$(dirname "$0")/built"' } = {}) {
  return program(
    'bin/mvn',
    `for arg in "$@"; do
  case "$arg" in
    -Dmaven.repo.local=*) repository="\${arg#*=}" ;;
    -DoutputDirectory=*) out="\${arg#*=}" ;;
  esac
done
folder="$repository/org/keycloak/keycloak-quarkus-dist/${KEYCLOAK_VERSION}"
mkdir -p "$folder" "$out/${NAME}/bin"
printf '%s' '${archive}' > "$folder/keycloak-quarkus-dist-${KEYCLOAK_VERSION}.zip"
cat > "$out/${NAME}/bin/kc.sh" <<'END'
#!/bin/sh
echo "$@" >> ${join(root, 'kc.calls')}
${build}
END
chmod 755 "$out/${NAME}/bin/kc.sh"`,
  );
}

const ensure = () =>
  ensureKeycloak({
    cacheDir,
    progress: createProgress({ stream: { isTTY: false, write: () => true }, env: {} }),
    sha256: createHash('sha256').update(ARCHIVE).digest('hex'),
  });

describe('Keycloak for the tests', () => {
  it('is fetched and prepared once, and nothing but it is kept', async () => {
    const calls = await maven();
    await mkdir(`${home}.part-1/repository`, { recursive: true });
    expect(await ensure()).toEqual({ home });
    expect(await ensure()).toEqual({ home });
    expect(await calls()).toHaveLength(1);
    expect((await calls())[0]).toContain(`-Dartifact=org.keycloak:keycloak-quarkus-dist:${KEYCLOAK_VERSION}:zip`);
    expect(await readFile(join(root, 'kc.calls'), 'utf8')).toBe('build --db=dev-mem\n');
    expect(await readdir(join(home, 'bin'))).toContain('built');
    expect(await readdir(cacheDir)).toEqual([NAME]);
  });

  it('is fetched again where a folder was left half done', async () => {
    const calls = await maven();
    await mkdir(join(home, 'lib'), { recursive: true });
    expect(await ensure()).toEqual({ home });
    expect(await calls()).toHaveLength(1);
    expect(await readdir(home)).not.toContain('lib');
  });

  it('that cannot be fetched is a reason in one line, leaves nothing behind, and is tried again', async () => {
    await program('bin/mvn', 'echo "[ERROR] no route"; echo "[ERROR] to host"; exit 1');
    expect(await ensure()).toEqual({
      skipped: expect.stringMatching(/^mvn .*ended with code 1: .*no route .*to host$/),
    });
    expect(await readdir(cacheDir)).toEqual([]);
    await maven();
    expect(await ensure()).toEqual({ home });
  });

  it('that does not run here is a reason too', async () => {
    await maven({ build: 'echo "UnsupportedClassVersionError"; exit 1' });
    expect((await ensure()).skipped).toContain('UnsupportedClassVersionError');
    expect(await readdir(cacheDir)).toEqual([]);
  });

  it('is never one that is not as it was released', async () => {
    await maven({ archive: 'another archive' });
    expect((await ensure()).skipped).toContain('does not match the released file');
    expect(await readdir(cacheDir)).toEqual([]);
    expect(await readFile(join(root, 'kc.calls'), 'utf8').catch(() => 'not run')).toBe('not run');
  });
});

describe('a reason', () => {
  it('is one line of a bearable length', () => {
    expect(reasonOf(new Error('One.\n\n  sudo sh -c\ttwo\n'))).toBe('One. sudo sh -c two');
    expect(reasonOf('\u001b[0mplain')).toBe('plain');
    expect(reasonOf(new Error('x'.repeat(5_000)))).toHaveLength(300);
  });
});
