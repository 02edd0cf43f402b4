/** Who may import whom: docs/architecture.md as a check. */
const deny = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** Folders of the server, from those that know the most to those that know the least. Imports go down this list, types too. */
const SERVER_FOLDERS = [
  'cli',
  'start',
  'http',
  'signaling',
  'rooms',
  'meetings',
  'models',
  'observability',
  'edge',
  'auth',
  'config',
  'store',
];
const layersOfTheServer = SERVER_FOLDERS.slice(1).map((folder, index) =>
  deny(
    `server-${folder}-imports-downwards`,
    'No folder of the server imports back: see SERVER_FOLDERS. Only start/ knows all parts.',
    { path: `^server/src/${folder}/`, pathNot: '\\.test\\.ts$|/testing/' },
    { path: `^server/src/(${SERVER_FOLDERS.slice(0, index + 1).join('|')})/` },
  ),
);
const serverFoldersAreListed = deny(
  'server-folders-are-listed',
  'A new folder of the server needs its place in SERVER_FOLDERS.',
  { path: '^server/src' },
  { path: '^server/src/[^/]+/', pathNot: `^server/src/(${[...SERVER_FOLDERS, 'testing'].join('|')})/` },
);
const httpKnowsNoSockets = deny(
  'http-knows-no-sockets',
  'HTTP and sockets are two ways in; neither goes through the other.',
  { path: '^server/src/http/' },
  { path: '^server/src/signaling/' },
);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    deny('no-cycles', 'Imports go one way.', {}, { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } }),
    deny('no-unresolved', 'Everything imported exists.', {}, { couldNotResolve: true }),
    deny(
      'native-is-a-leaf',
      'native imports nothing of ours.',
      { path: '^native/lib' },
      { path: '^(media|client-sdk|server|demo|bench)/' },
    ),
    deny(
      'media-knows-no-clients',
      'media has no sockets to clients, no policy, no page.',
      { path: '^media/src' },
      { path: '^(server|client-sdk|demo|bench)/' },
    ),
    deny(
      'settings-are-data',
      'Settings are data that every process reads: they load none of the others.',
      { path: '^media/src/settings/', pathNot: '\\.test\\.ts$' },
      { path: '^media/src/(process|node|worker|asr|testing)/|^native/' },
    ),
    deny(
      'process-knows-no-media',
      'Supervision, framing and clocks serve every process: they load none of the others, and no library.',
      { path: '^media/src/process/', pathNot: '\\.test\\.ts$' },
      { path: '^media/src/(settings|node|worker|asr|testing)/|^native/|node_modules/' },
    ),
    deny(
      'children-know-no-server',
      'A media worker and an ASR process run without the server process: nothing of it is loaded there.',
      { path: '^media/src/(worker|asr)/', pathNot: '\\.test\\.ts$' },
      { path: '^media/src/node/' },
    ),
    deny(
      'node-knows-messages-only',
      'The server process sees of a media worker and of an ASR process what they say to each other.',
      { path: '^media/src/node/', pathNot: '\\.test\\.ts$' },
      { path: '^media/src/(worker|asr)/(?!contract/)' },
    ),
    deny(
      'worker-knows-requests-only',
      'A media worker sees of the ASR process requests and answers: it gives audio to whoever can answer.',
      { path: '^media/src/worker/', pathNot: '\\.test\\.ts$' },
      { path: '^media/src/asr/(?!contract/)' },
    ),
    deny(
      'asr-does-not-know-media',
      'Recognition gets audio, from wherever.',
      { path: '^media/src/asr/', pathNot: '\\.test\\.ts$' },
      { path: '^media/src/worker/' },
    ),
    deny(
      'contracts-stand-alone',
      'What two processes say to each other hangs on the code of neither.',
      { path: '^media/src/(worker|asr)/contract/', pathNot: '\\.test\\.ts$' },
      { path: '^media/src/(node|testing)/|^media/src/(worker|asr)/(?!contract/)' },
    ),
    deny(
      'products-talk-through-node',
      'Parts of a child process are for those who measure or test them; a server drives them through @parley/media/node.',
      { path: '^(server|demo)/src/', pathNot: '\\.test\\.ts$' },
      { path: '^media/(src|dist)/(worker|asr)/' },
    ),
    deny(
      'fakes-stay-in-tests',
      'Fakes and fixtures are no part of a product.',
      { path: '^media/src/', pathNot: '/testing/|\\.test\\.ts$' },
      { path: '^media/src/.*/testing/|^media/src/testing/' },
    ),
    deny(
      'only-sfu-has-mediasoup',
      'mediasoup stays behind media/src/node/sfu.',
      { path: '^(media|server|demo|bench)/src', pathNot: '^media/src/node/sfu/' },
      { path: 'node_modules/mediasoup/' },
    ),
    deny(
      'onnx-runtime-without-telemetry',
      'ONNX Runtime is loaded where its telemetry has been turned off before.',
      { path: '^(media|server|demo|bench)/src', pathNot: '^media/src/worker/speech/onnxRuntime\\.ts$' },
      { path: 'node_modules/onnxruntime-node/', dependencyTypesNot: ['type-only'] },
    ),
    deny(
      'rtp-audio-speech-are-pure',
      'The signal path knows neither the recogniser, nor the pipeline, nor the network.',
      { path: '^media/src/worker/(rtp|audio|speech)/', pathNot: '\\.test\\.ts$' },
      {
        path: '^media/src/(process/(?!noTelemetry)|worker/(pipeline|recognition)|asr/contract/(protocol|asrContract))|^node:(net|dgram|http)|^(net|dgram|http)$',
      },
    ),
    deny(
      'models-are-files',
      'The store of models knows where files come from, not what is done with them.',
      { path: '^media/src/node/models/', pathNot: '\\.test\\.ts$' },
      { path: '^media/src/(process|worker/(?!contract/)|asr|node/(?!models/))' },
    ),
    deny(
      'native-only-where-it-is-driven',
      'The addon is loaded by the decoder, by the ASR process, and by the store of models, which reads their headers.',
      { path: '^media/src', pathNot: '^media/src/(worker/audio|asr|node/models)/|^media/src/node/index|\\.test\\.ts$' },
      { path: '^native/' },
    ),
    deny(
      'protocol-is-neutral',
      'The wire contract depends on nothing.',
      { path: '^client-sdk/src/protocol', pathNot: 'schema\\.ts$|\\.test\\.ts$' },
      { pathNot: '^client-sdk/src/protocol' },
    ),
    deny(
      'schemas-need-zod-only',
      'Schemas may import the protocol and zod.',
      { path: '^client-sdk/src/protocol/schema\\.ts$' },
      { pathNot: '^client-sdk/src/protocol|node_modules/zod' },
    ),
    deny(
      'sdk-is-small',
      'Integrators install the SDK: no zod, nothing of the server.',
      { path: '^client-sdk/src', pathNot: '^client-sdk/src/protocol|\\.test\\.ts$' },
      { path: 'node_modules/zod|^(server|media|native)/|protocol/schema' },
    ),
    deny(
      'react-stays-in-its-hooks',
      'The client runs without React; the hooks are for those who have it.',
      { path: '^client-sdk/src', pathNot: '^client-sdk/src/(react|headless)' },
      { path: 'node_modules/react|^client-sdk/src/(react|headless)' },
    ),
    deny(
      'examples-are-integrators',
      'Examples use what anybody can install.',
      { path: '^client-sdk/examples' },
      { path: '^client-sdk/(src|test-support|tools)|^(server|media|native|demo|bench)/' },
    ),
    deny(
      'rooms-know-no-sockets',
      'Rooms speak through channels.',
      { path: '^server/src/rooms' },
      { path: 'node_modules/socket\\.io|^server/src/(signaling|http|cli)' },
    ),
    deny(
      'signaling-knows-no-media',
      'Signaling goes through rooms.',
      { path: '^server/src/signaling', pathNot: '\\.test\\.ts$' },
      { path: 'node_modules/mediasoup|^media/' },
    ),
    deny(
      'meetings-live-without-rooms',
      'A meeting outlives its rooms and can be read without one.',
      { path: '^server/src/meetings' },
      { path: '^server/src/(rooms|signaling|http|start|cli)/|node_modules/(socket\\.io|express)' },
    ),
    deny(
      'stores-keep',
      'A store knows what it keeps, and nothing of those who use it.',
      { path: '^server/src/store' },
      { path: '^server/src/(?!store/)|^media/' },
    ),
    deny(
      'stores-are-interfaces',
      'Which store it is only those know who start the server, or a command.',
      { path: '^server/src/(?!store/|start/|cli/|index)', pathNot: '\\.test\\.ts$|/testing/' },
      { path: '^server/src/store/[^/]+/' },
    ),
    ...layersOfTheServer,
    serverFoldersAreListed,
    httpKnowsNoSockets,
    deny(
      'page-uses-the-sdk-alone',
      'The page is an integrator like any other.',
      { path: '^server/web/src' },
      { path: '^(media|native|demo|bench)/|^server/src|node_modules/(socket\\.io|mediasoup)' },
    ),
    deny(
      'no-tests-in-products',
      'Tests are imported by nobody.',
      { pathNot: '\\.test\\.ts$|^test/|^server/src/store/conformance/' },
      { path: '\\.test\\.ts$|^test/|^server/src/store/conformance/' },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules|(^|/)dist/' },
    exclude: { path: 'native/(src|worker)/' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.d.ts'],
    },
  },
};
