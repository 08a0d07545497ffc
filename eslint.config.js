import tseslint from 'typescript-eslint';

/** Paths of other folders as import statements write them, whatever the depth. */
const folder = (path) => `(^|/)\\.\\./(.*/)?${path}(/|$)`;
const never = (why, ...paths) => ({
  'no-restricted-imports': [
    'error',
    { patterns: paths.map((path) => ({ regex: folder(path), message: why })) },
  ],
});

const sizes = {
  'max-lines': ['warn', { max: 400, skipBlankLines: false }],
  'max-lines-per-function': ['warn', 60],
  // A system call has six arguments, beside the kernel and its context.
  'max-params': ['warn', 8],
  complexity: ['warn', 16],
};

const noDefault = {
  selector: 'ExportDefaultDeclaration',
  message: 'named exports only: names survive refactoring',
};
const tapsInScope = {
  selector:
    "CallExpression[callee.property.name=/^tap(Async|Promise)?$/][callee.object.type!='ThisExpression']",
  message: 'use tapIn(scope, hook, ...): a bare tap cannot be removed',
};
const hostTime = {
  selector:
    "CallExpression[callee.name=/^(setTimeout|setInterval)$/], MemberExpression[object.name='Date'][property.name='now']",
  message:
    'time comes from the clock service: it stands still while the machine is held, and tests move it by hand',
};
const strict = (...rules) => ({ 'no-restricted-syntax': ['error', noDefault, ...rules] });

const tests = ['**/*.test.ts', 'test/**'];

export default tseslint.config(
  { ignores: ['dist/**', 'coverage/**', '.cache/**', 'test/**/*.js'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      ...strict(tapsInScope),
    },
  },
  { files: ['**/*.ts'], ignores: [...tests, '**/rows/**'], rules: sizes },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  { files: tests, rules: { '@typescript-eslint/no-unused-expressions': 'off' } },
  {
    files: ['plugins/devices/**/*.ts', 'plugins/kernel/**/*.ts'],
    ignores: tests,
    rules: strict(tapsInScope, hostTime),
  },
  { files: ['core/hooks/untap.ts', 'core/hooks/untap.test.ts'], rules: strict() },
  {
    files: ['core/**/*.ts'],
    ignores: tests,
    rules: never(
      'core knows no plugin: offer a hook or a service instead',
      'plugins',
      'gdbstub',
      'scripts',
      'test',
    ),
  },
  {
    files: ['plugins/devices/**/*.ts'],
    ignores: tests,
    rules: never('a device knows core only', 'kernel', 'services', 'gdbstub', 'scripts', 'test'),
  },
  {
    files: ['plugins/kernel/**/*.ts'],
    ignores: tests,
    rules: never('the kernel knows core only', 'devices', 'services', 'gdbstub', 'scripts', 'test'),
  },
  {
    files: ['plugins/services/**/*.ts'],
    ignores: tests,
    rules: never(
      'a service meets the kernel in core/abi only',
      'core/(?!abi/)[^/]+',
      'kernel',
      'devices',
      'gdbstub',
      'scripts',
      'test',
    ),
  },
  {
    files: ['gdbstub/**/*.ts'],
    ignores: tests,
    rules: never(
      'the stub talks to Target only; what implements it for a machine is assembled in scripts',
      'core/(?!errors/|lifecycle/)[^/]+',
      'plugins',
      'scripts',
      'test',
    ),
  },
);
