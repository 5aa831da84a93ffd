import { oidcSettings } from '../../src/services/identity/index.js';

const PROVIDER = { issuer: 'https://id.example.org/realms/lab', clientId: 'osteograph' };

test('the defaults are the client as audience, the claim "roles" and the names of the roles', () => {
  expect(oidcSettings(PROVIDER)).toEqual({
    issuer: 'https://id.example.org/realms/lab',
    clientId: 'osteograph',
    audiences: ['osteograph'],
    scope: 'openid profile',
    resource: undefined,
    roleRule: {
      claim: 'roles',
      roles: new Map([
        ['SUMMARY', 'SUMMARY'],
        ['ANALYST', 'ANALYST'],
        ['READER', 'READER'],
        ['OPERATOR', 'OPERATOR'],
        ['ADMIN', 'ADMIN'],
      ]),
    },
  });
});

test('values of a role map may have an equals sign in them', () => {
  const { roleRule } = oidcSettings({ ...PROVIDER, roleMap: 'cn=lab=OPERATOR, admins = ADMIN' })!;

  expect([...roleRule.roles]).toEqual([
    ['cn=lab', 'OPERATOR'],
    ['admins', 'ADMIN'],
  ]);
});

test('nothing given is no provider, also where variables are set and empty', () => {
  expect(oidcSettings({ issuer: '', clientId: '', audiences: [], roleMap: '' })).toBeUndefined();
});

test.each([
  ['a client without a provider', { clientId: 'x' }, /^Settings of OpenID Connect need --oidc-issuer/],
  ['a provider without a client', { issuer: PROVIDER.issuer }, /^--oidc-issuer needs --oidc-client-id beside it\.$/],
  ['no address', { ...PROVIDER, issuer: 'keycloak' }, /^--oidc-issuer must be an https address/],
  [
    'a line that anybody can change',
    { ...PROVIDER, issuer: 'http://id.example.org' },
    /^--oidc-issuer must be an https/,
  ],
  [
    'a name that looks like this machine',
    { ...PROVIDER, issuer: 'http://127.0.0.1.example.org' },
    /^--oidc-issuer must/,
  ],
  [
    'an unknown role',
    { ...PROVIDER, roleMap: 'a=READER,b=OWNER' },
    /^--oidc-role-map must be pairs .* got "b=OWNER"\.$/,
  ],
  ['a pair without a value', { ...PROVIDER, roleMap: '=ADMIN' }, /^--oidc-role-map must be pairs .* got "=ADMIN"\.$/],
  ['no URI as resource', { ...PROVIDER, resource: 'the api' }, /^--oidc-resource must be a URI, got "the api"\.$/],
])('%s is refused', (_name, options, message) => {
  expect(() => oidcSettings(options)).toThrow(message);
});
