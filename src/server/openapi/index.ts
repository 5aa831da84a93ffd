import { packageVersion } from '../../domain/package.js';
import { dicomwebPaths } from './dicomweb.js';
import { filePaths } from './files.js';
import { ERRORS, type Json, refusalResponses } from './parts.js';
import { plainPaths } from './plain.js';
import { webhookMessages } from './webhooks.js';

/**
 * What the server answers over HTTP, as an OpenAPI 3.1 document. It is served at /openapi.json and committed as openapi.json, so that
 * a change of it is seen. Of GraphQL it has the door alone: the schema says the rest.
 */
export function openApiDocument(): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Osteograph',
      version: packageVersion,
      license: { name: 'MIT', identifier: 'MIT' },
      description:
        'Research data of knee osteoarthritis: cohorts, images, generated volumes. GraphQL at /graphql has all of it; these are its ' +
        'edges for files, tables, uploads and DICOMweb. Generated images are synthetic; nothing here is for clinical use.',
    },
    servers: [{ url: '/', description: 'This server.' }],
    security: [{ token: [] }],
    tags: ['GraphQL', 'Files', 'Exports', 'Radiographs', 'DICOMweb', 'Webhooks', 'Descriptions', 'Operations'].map(
      (name) => ({
        name,
      }),
    ),
    paths: { ...plainPaths(), ...filePaths(), ...dicomwebPaths() },
    webhooks: webhookMessages(),
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'As "osteograph token create" prints it, or an access token of the identity provider.',
        },
      },
      schemas: { Errors: ERRORS },
      responses: refusalResponses(),
    },
  };
}
