/** The only door to people who sign in at an identity provider. */
export { type Identity, openIdentity } from './identity.js';
export { DEFAULT_ROLE_CLAIM, DEFAULT_SCOPE, type OidcSettings, oidcSettings } from './settings.js';
export { peopleBehind, readmitPerson } from './people.js';
