import { roleInClaims } from '../../src/policy/index.js';

const ROLES = new Map([
  ['radiology', 'READER'],
  ['admins', 'ADMIN'],
] as const);

test.each([
  ['one value of a list', 'groups', { groups: ['staff', 'radiology'] }, 'READER'],
  ['the highest of several', 'groups', { groups: ['admins', 'radiology'] }, 'ADMIN'],
  ['a text instead of a list', 'groups', { groups: 'radiology' }, 'READER'],
  ['a path', 'realm_access.roles', { realm_access: { roles: ['admins'] } }, 'ADMIN'],
  ['a name with dots', 'https://example.org/roles', { 'https://example.org/roles': ['admins'] }, 'ADMIN'],
  ['a value that nothing maps', 'groups', { groups: ['staff', 'READER'] }, undefined],
  ['no such claim', 'groups', { roles: ['admins'] }, undefined],
  ['what every object has', 'constructor.name', {}, undefined],
  ['no text', 'groups', { groups: [1, null, { admins: true }] }, undefined],
])('%s', (_name, claim, claims, role) => {
  expect(roleInClaims(claims, { claim, roles: ROLES })).toBe(role);
});
