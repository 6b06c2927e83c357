import { describe, expect, test } from 'vitest';
import { ConfigError, limitConflicts, readConfig, unknownVariables } from '../../../server/config.ts';
import { isLoopback } from '../../../server/platform/addresses.ts';
import { defaultLimits, limitsOf } from '../../../server/platform/limits.ts';

const TOKEN = 'x'.repeat(32);
const KEY = { OPENAI_API_KEY: 'sk-secret' };

function errorOf(environment: Record<string, string>): string {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'none';
}

describe('defaults', () => {
  test('S2: without any variable the server listens on loopback and draws with the demo painter', () => {
    expect(readConfig({})).toEqual({
      host: '127.0.0.1',
      port: 3000,
      generator: { generator: 'demo' },
      allowedHosts: [],
      allowedOrigins: [],
      trustProxy: false,
      download: 'approved',
      logLevel: 'info',
      limits: {},
    });
  });

  test('an empty variable counts as absent', () => {
    const names = [
      'HOST',
      'PORT',
      'OPENAI_API_KEY',
      'PROOFROOM_ACCESS_TOKEN',
      'PROOFROOM_TRUST_PROXY',
      'PROOFROOM_SESSIONS',
    ];
    expect(readConfig(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(readConfig({}));
  });

  test('variables of other programs are ignored', () => {
    expect(readConfig({ PATH: '/bin', PROXY: 'x', constructor: 'x' })).toEqual(readConfig({}));
  });
});

describe('variables', () => {
  test('every variable sets its field', () => {
    const config = readConfig({
      HOST: '0.0.0.0',
      PORT: '0',
      ...KEY,
      OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
      PROOFROOM_MODEL: 'outer',
      PROOFROOM_IMAGE_MODEL: 'inner',
      PROOFROOM_IMAGE_MODELS: 'inner-2, inner-3',
      PROOFROOM_SIZES: '2048x2048,64x64',
      PROOFROOM_TOKEN_PRICES: '5, 8.5, 30',
      PROOFROOM_IMAGE_DOLLARS: '0.25',
      PROOFROOM_PARTIAL_IMAGES: '3',
      PROOFROOM_ACCESS_TOKEN: TOKEN,
      PROOFROOM_ALLOWED_HOSTS: 'Proof.example.org, other.example.org',
      PROOFROOM_ALLOWED_ORIGINS: 'https://a.example https://b.example:8443',
      PROOFROOM_TRUST_PROXY: '1',
      PROOFROOM_DOWNLOAD: 'always',
      PROOFROOM_LOG_LEVEL: 'debug',
      PROOFROOM_REDIS_URL: 'rediss://ana:se%40cret@redis.example/2',
      PROOFROOM_REDIS_PREFIX: 'staging:',
      PROOFROOM_REDIS_PERSISTENCE: 'allow',
      PROOFROOM_SESSIONS: '7',
    });
    expect(config).toEqual({
      host: '0.0.0.0',
      port: 0,
      generator: {
        generator: 'openai',
        api: 'responses',
        apiKey: 'sk-secret',
        baseURL: 'http://127.0.0.1:9/v1',
        model: 'outer',
        imageModel: 'inner',
        imageModels: ['inner-2', 'inner-3'],
        sizes: ['2048x2048', '64x64'],
        prices: { model: 'inner', prices: { textInput: 5, imageInput: 8.5, imageOutput: 30 } },
        imageDollars: 0.25,
        partialImages: 3,
      },
      accessToken: TOKEN,
      allowedHosts: ['proof.example.org', 'other.example.org'],
      allowedOrigins: ['https://a.example', 'https://b.example:8443'],
      trustProxy: true,
      download: 'always',
      logLevel: 'debug',
      redis: {
        address: {
          kind: 'single',
          isTls: true,
          username: 'ana',
          password: 'se@cret',
          host: 'redis.example',
          port: 6379,
          database: 2,
        },
        prefix: 'staging:',
        mayPersist: true,
      },
      limits: { SESSIONS: 7 },
    });
  });

  test('R12: without further variables the prefix is proofroom: and Redis must not persist', () => {
    const { redis } = readConfig({ PROOFROOM_REDIS_URL: 'redis://127.0.0.1' });
    expect(redis).toMatchObject({ prefix: 'proofroom:', mayPersist: false });
  });

  test('S3: an error about Redis names the variable and repeats no password', () => {
    const message = errorOf({ PROOFROOM_REDIS_URL: 'http://:se-cret@redis.example', PROOFROOM_REDIS_PREFIX: 'a b{' });
    expect(message).toMatch(/^PROOFROOM_REDIS_URL must be a URL such as .*\nPROOFROOM_REDIS_PREFIX must have /);
    expect(message).not.toContain('se-cret');
    expect(errorOf({ PROOFROOM_REDIS_PERSISTENCE: 'yes' })).toBe('PROOFROOM_REDIS_PERSISTENCE must be refuse or allow');
  });

  test('with a key OpenAI draws, without one the demo painter, unless PROOFROOM_GENERATOR says otherwise', () => {
    expect(readConfig(KEY).generator.generator).toBe('openai');
    expect(readConfig({ ...KEY, PROOFROOM_GENERATOR: 'demo' }).generator.generator).toBe('demo');
    expect(readConfig({ PROOFROOM_GENERATOR: 'demo' }).generator.generator).toBe('demo');
    expect(errorOf({ PROOFROOM_GENERATOR: 'openai' })).toContain('OPENAI_API_KEY');
  });

  test('the Images API of a compatible server needs neither a key nor a model', () => {
    const local = { PROOFROOM_API: 'images', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' };
    const generator = { generator: 'openai', api: 'images', baseURL: 'http://127.0.0.1:9/v1', canEdit: true };
    expect(readConfig(local).generator).toEqual({ ...generator, apiKey: 'none' });
    expect(readConfig({ ...local, ...KEY, PROOFROOM_IMAGE_MODEL: 'flux', PROOFROOM_REFINE: '0' }).generator).toEqual({
      ...generator,
      apiKey: 'sk-secret',
      imageModel: 'flux',
      canEdit: false,
    });
    expect(readConfig({ ...local, PROOFROOM_GENERATOR: 'demo' }).generator).toEqual({ generator: 'demo' });
  });

  test('the Images API of OpenAI needs a key and uses the default image model', () => {
    expect(readConfig({ PROOFROOM_API: 'images' }).generator).toEqual({ generator: 'demo' });
    expect(errorOf({ PROOFROOM_API: 'images', PROOFROOM_GENERATOR: 'openai' })).toContain('OPENAI_API_KEY');
    expect(readConfig({ ...KEY, PROOFROOM_API: 'images' }).generator).toEqual({
      generator: 'openai',
      api: 'images',
      apiKey: 'sk-secret',
      imageModel: 'gpt-image-2.6-sunburst',
      canEdit: true,
    });
  });

  test('a proxy is taken from its usual variables, of which the lower-case ones count first', () => {
    const proxyOf = (environment: Record<string, string>) => {
      const { generator } = readConfig({ ...KEY, ...environment });
      return generator.generator === 'openai' && generator.proxy;
    };
    const [https, http] = ['http://ana:secret@proxy.example:3128', 'http://other.example:8080'];
    expect(proxyOf({ HTTPS_PROXY: https, HTTP_PROXY: http, NO_PROXY: 'a, b' })).toEqual({
      https,
      http,
      bypass: 'a, b',
    });
    expect(
      proxyOf({
        HTTPS_PROXY: 'x',
        HTTP_PROXY: 'x',
        NO_PROXY: 'x',
        https_proxy: https,
        http_proxy: http,
        no_proxy: '*',
      }),
    ).toEqual({ https, http, bypass: '*' });
    expect(proxyOf({ HTTPS_PROXY: 'proxy.example:3128' }), 'as curl takes it too').toEqual({
      https: 'http://proxy.example:3128',
    });
    expect(proxyOf({ HTTP_PROXY: http, https_proxy: '' })).toEqual({ http });
    expect(proxyOf({ NO_PROXY: 'a' })).toBeUndefined();
  });

  test.each(['socks5://ana:secret@proxy.example', 'http://', '://secret'])(
    'S3: the proxy %s is refused in one line that does not repeat it, unless it is not needed',
    (value) => {
      for (const name of ['HTTPS_PROXY', 'HTTP_PROXY', 'https_proxy']) {
        expect(errorOf({ ...KEY, [name]: value })).toMatch(
          /^HTTPS?_PROXY must be the URL of an HTTP proxy such as [^\n]+$/,
        );
        expect(errorOf({ ...KEY, [name]: value })).not.toMatch(/secret|socks/);
        expect(readConfig({ [name]: value }).generator).toEqual({ generator: 'demo' });
      }
    },
  );

  test('PROOFROOM_SIZES also applies to the demo painter', () => {
    expect(readConfig({ PROOFROOM_SIZES: '64x64' }).generator).toEqual({ generator: 'demo', sizes: ['64x64'] });
  });

  test('the Responses API needs a key at any base URL', () => {
    expect(readConfig({ OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' }).generator).toEqual({ generator: 'demo' });
  });

  test('every limit is set by PROOFROOM_ and its name', () => {
    for (const name of Object.keys(defaultLimits)) {
      expect(readConfig({ [`PROOFROOM_${name}`]: '7' }).limits).toEqual({ [name]: 7 });
    }
  });

  test.each([
    'proof.example',
    'Proof.Example',
    'proof_room',
    'xn--bcher-kva.example',
    '10.0.0.7',
    '[::1]',
    'localhost',
    'proof.example.',
  ])('S1: %s can be an allowed host', (host) => {
    const environment = { PROOFROOM_ALLOWED_HOSTS: host, PROOFROOM_ACCESS_TOKEN: TOKEN };
    expect(readConfig(environment).allowedHosts).toEqual([host.toLowerCase()]);
  });
});

/** No error may repeat a value: it may be a secret, or one that was meant for another variable. */
const bad: Record<string, readonly string[]> = {
  PORT: ['http', '-987', '65536', '30.77', '0x1F', ' 3000', '3000 ', '1e9'],
  OPENAI_BASE_URL: [
    'api.openai.example',
    'sk-mixed-up',
    'javascript:alert(77)',
    'ftp://files.example/v9',
    'https://ana:secret@images.example/v1',
    'https://ana@images.example/v1',
    'https://images.example/v1?key=secret',
    'https://images.example/v1#secret',
  ],
  PROOFROOM_GENERATOR: ['openaii', 'DEMO'],
  PROOFROOM_API: ['IMAGES', 'chat'],
  PROOFROOM_IMAGE_MODELS: [`fine ${'y'.repeat(101)}`],
  PROOFROOM_SIZES: ['2048', '1024x1024 large', '0x512', '12345x512'],
  PROOFROOM_REFINE: ['yes', 'off'],
  PROOFROOM_IMAGE_DOLLARS: ['-1', '1e3', '44444', '0,44'],
  PROOFROOM_TOKEN_PRICES: ['44', '44,55', '44,55,66,77', '44,-55,66', '44,five,66', '44,55,66e9'],
  PROOFROOM_PARTIAL_IMAGES: ['0', '4', 'two'],
  PROOFROOM_ACCESS_TOKEN: [
    'short-secret',
    'z'.repeat(31),
    'z'.repeat(513),
    `${'z'.repeat(32)}\n`,
    ` ${'z'.repeat(32)}`,
    `${'z'.repeat(16)}\t${'z'.repeat(16)}`,
  ],
  PROOFROOM_ALLOW_ANONYMOUS: ['yes', 'true', '01'],
  PROOFROOM_ALLOWED_HOSTS: [
    'https://proof.example',
    'proof.example:3000',
    'proof.example/',
    '*.example',
    '*',
    'fine.example bücher.example',
    'user@proof.example',
  ],
  PROOFROOM_ALLOWED_ORIGINS: [
    'proof.example',
    'https://proof.example/',
    'https://proof.example/path',
    '*',
    'null',
    'https://PROOF.example',
  ],
  PROOFROOM_TRUST_PROXY: ['loopback', 'on'],
  PROOFROOM_LOG_LEVEL: ['loud', 'INFO'],
  PROOFROOM_SESSIONS: ['0', '-5', '1.5', 'many', '99999999999999999999'],
  PROOFROOM_SESSION_IDLE_MS: ['0', '2147483648'],
};

describe('invalid values', () => {
  test.each(Object.entries(bad))(
    'S3: the error for %s names the variable and does not repeat the value',
    (name, values) => {
      for (const value of values) {
        const error = errorOf({ [name]: value });
        expect(error).toMatch(new RegExp(`^${name} \\S`));
        if (value.length > 2) expect(error).not.toContain(value.trim());
      }
    },
  );

  test('the error has a line for every wrong variable', () => {
    const error = errorOf({ PORT: 'x', PROOFROOM_TRUST_PROXY: 'x', PROOFROOM_SESSIONS: 'x', PROOFROOM_WANT_IDS: '0' });
    expect(error.split('\n').map((line) => line.split(' ', 1)[0])).toEqual([
      'PORT',
      'PROOFROOM_TRUST_PROXY',
      'PROOFROOM_WANT_IDS',
      'PROOFROOM_SESSIONS',
    ]);
  });
});

describe('limits that conflict', () => {
  const conflicts = (environment: Record<string, string>) => limitConflicts(limitsOf(readConfig(environment).limits));

  test('R7: image memory smaller than one image is reported', () => {
    expect(conflicts({ PROOFROOM_IMAGE_MEMORY_BYTES: String(20 * 2 ** 20 - 1) })).toEqual([
      expect.stringMatching(/^PROOFROOM_IMAGE_MEMORY_BYTES .*PROOFROOM_UPSTREAM_IMAGE_BYTES/),
    ]);
    expect(conflicts({ PROOFROOM_IMAGE_MEMORY_BYTES: String(20 * 2 ** 20) })).toEqual([]);
    expect(conflicts({ PROOFROOM_IMAGE_MEMORY_BYTES: '1000000', PROOFROOM_UPSTREAM_IMAGE_BYTES: '1000000' })).toEqual(
      [],
    );
  });

  test.each(['PROMPT', 'FEEDBACK'])('S4: a %s limit that no message can carry is reported', (name) => {
    const large = { [`PROOFROOM_${name}_CHARACTERS`]: '30000' };
    expect(conflicts(large)).toEqual([]);
    expect(conflicts({ ...large, PROOFROOM_INBOUND_MESSAGE_BYTES: '65536' })).toEqual([
      expect.stringMatching(new RegExp(`^PROOFROOM_INBOUND_MESSAGE_BYTES .*PROOFROOM_${name}_CHARACTERS`)),
    ]);
  });
});

describe('access (S2)', () => {
  test.each(['0.0.0.0', '::', '192.168.1.7', 'proof.example.org', '127.0.0.1.example.org', '1270.0.0.1'])(
    'S2: HOST=%s needs an access token',
    (host) => {
      const error = errorOf({ HOST: host });
      expect(error).toContain('PROOFROOM_ACCESS_TOKEN');
      expect(error).toContain('PROOFROOM_ALLOW_ANONYMOUS=1');
      expect(error).not.toContain(`${host} `);
    },
  );

  test.each([
    ['PROOFROOM_ALLOWED_HOSTS', 'localhost, proof.example'],
    ['PROOFROOM_ALLOWED_ORIGINS', 'http://localhost:5173 https://studio.example'],
    ['PROOFROOM_TRUST_PROXY', '1'],
  ])('S2: %s says that others reach the server, so it needs an access token too', (name, value) => {
    expect(errorOf({ [name]: value })).toMatch(new RegExp(`^${name} lets others .*PROOFROOM_ACCESS_TOKEN`));
    expect(readConfig({ [name]: value, PROOFROOM_ACCESS_TOKEN: TOKEN }).accessToken).toBe(TOKEN);
  });

  test('S2: pages and names of this machine need no token', () => {
    const origins = 'http://localhost:5173 http://127.0.0.1:8080 http://[::1]:8081';
    const config = { PROOFROOM_ALLOWED_HOSTS: 'localhost', PROOFROOM_ALLOWED_ORIGINS: origins };
    expect(readConfig(config).accessToken).toBeUndefined();
  });

  test('S2: a token for metrics is a token of its own', () => {
    expect(readConfig({ PROOFROOM_METRICS_TOKEN: TOKEN }).metricsToken).toBe(TOKEN);
    expect(errorOf({ PROOFROOM_METRICS_TOKEN: 'short' })).toContain('PROOFROOM_METRICS_TOKEN');
    expect(errorOf({ HOST: '0.0.0.0', PROOFROOM_METRICS_TOKEN: TOKEN })).toContain('PROOFROOM_ACCESS_TOKEN');
  });

  test('S2: a token of 32 characters is enough', () => {
    expect(readConfig({ HOST: '0.0.0.0', PROOFROOM_ACCESS_TOKEN: TOKEN }).accessToken).toBe(TOKEN);
  });

  test('S2: PROOFROOM_ALLOW_ANONYMOUS=1 replaces the token, 0 does not', () => {
    expect(readConfig({ HOST: '0.0.0.0', PROOFROOM_ALLOW_ANONYMOUS: '1' }).host).toBe('0.0.0.0');
    expect(errorOf({ HOST: '0.0.0.0', PROOFROOM_ALLOW_ANONYMOUS: '0' })).toContain('PROOFROOM_ACCESS_TOKEN');
  });

  test.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('S2: %s is loopback and needs no token', (host) => {
    expect(isLoopback(host)).toBe(true);
    expect(readConfig({ HOST: host }).host).toBe(host);
  });
});

test('HOST may have the brackets that an IPv6 address has in a URL', () => {
  expect(readConfig({ HOST: '[::1]' }).host).toBe('::1');
});

describe('unknown variables', () => {
  test('misspelt names are found in any case', () => {
    const misspelt = ['PROOFROOM_ACCES_TOKEN', 'PROOFROOM_PORT', 'PROOFROOM_SESSION', 'proofroom_trust_proxy'];
    expect(unknownVariables(Object.fromEntries(misspelt.toReversed().map((name) => [name, 'x'])))).toEqual(misspelt);
  });

  test('known, empty and foreign variables are not reported', () => {
    const limits = Object.keys(defaultLimits).map((name) => [`PROOFROOM_${name}`, '1']);
    const ours = {
      ...Object.fromEntries(limits),
      HOST: '::1',
      PROOFROOM_MODEL: 'outer',
      PROOFROOM_CHROMIUM: '/bin/c',
      PROOFROOM_REDIS_SERVER: '/bin/r',
    };
    expect(unknownVariables({ ...ours, PROOFROOM_ACCES_TOKEN: '', PROOFROOMS: 'x', MY_PROOFROOM_X: 'x' })).toEqual([]);
  });

  test('variables that Kubernetes sets for a service named proofroom are not reported, and hide no misspelt one', () => {
    const service = {
      PROOFROOM_SERVICE_HOST: '10.0.0.11',
      PROOFROOM_SERVICE_PORT: '3000',
      PROOFROOM_SERVICE_PORT_HTTP: '3000',
      PROOFROOM_PORT: 'tcp://10.0.0.11:3000',
      PROOFROOM_PORT_3000_TCP: 'tcp://10.0.0.11:3000',
      PROOFROOM_PORT_3000_TCP_ADDR: '10.0.0.11',
      PROOFROOM_WEB_SERVICE_HOST: '10.0.0.12',
      PROOFROOM_WEB_SERVICE_PORT: '80',
      PROOFROOM_WEB_PORT_80_TCP_PROTO: 'tcp',
    };
    expect(unknownVariables(service)).toEqual([]);
    const misspelt = { PROOFROOM_ACCES_TOKEN: 'x', PROOFROOM_WEB_TOKEN: 'x', PROOFROOM_CLI_PORT: 'x' };
    expect(unknownVariables({ ...service, ...misspelt })).toEqual(Object.keys(misspelt).toSorted());
  });
});
