import { parseBlobUrl } from '../../src/storage/index.js';

test('BLOB_URL names a bucket of AWS, with or without a prefix', () => {
  expect(parseBlobUrl('s3://knees', {})).toEqual({
    kind: 'S3',
    bucket: 'knees',
    prefix: '',
    endpoint: undefined,
    region: undefined,
    pathStyle: false,
  });
  expect(parseBlobUrl('s3://knees/lab/one/?region=eu-central-1', {})).toMatchObject({
    prefix: 'lab/one/',
    region: 'eu-central-1',
  });
});

test('a server of one’s own is spoken to in path style, and in some region', () => {
  const minio = { endpoint: 'http://minio:9000', pathStyle: true, region: 'us-east-1' };

  expect(parseBlobUrl('s3://knees?endpoint=http://minio:9000/', {})).toMatchObject(minio);
  expect(parseBlobUrl('s3://knees', { AWS_ENDPOINT_URL_S3: 'http://minio:9000' })).toMatchObject(minio);
  expect(parseBlobUrl('s3://knees?endpoint=https://r2.example.com&pathStyle=false', {})).toMatchObject({
    pathStyle: false,
  });
  expect(parseBlobUrl('s3://knees?endpoint=http://minio:9000', { AWS_REGION: 'lab' })).toMatchObject({ region: 'lab' });
});

test('BLOB_URL names a directory elsewhere', () => {
  expect(parseBlobUrl('file:///mnt/blobs', {})).toEqual({ kind: 'DIRECTORY', directory: '/mnt/blobs' });
});

test.each([
  ['/mnt/blobs', 'BLOB_URL is not a URL; it must look like s3://'],
  ['https://knees.s3.amazonaws.com', 'BLOB_URL begins with https://; it must look like s3://'],
  ['s3://key:secret@knees', 'BLOB_URL carries credentials, which logs would show; set AWS_ACCESS_KEY_ID and'],
  ['s3://Knees', 'BLOB_URL names the bucket "Knees"; a bucket has 3 to 63 small letters, digits, dots and hyphens'],
  ['s3://knees:9000/', 'BLOB_URL names the bucket "knees:9000"'],
  ['s3://192.168.0.1/', 'BLOB_URL names the bucket "192.168.0.1"'],
  ['s3:///prefix', 'BLOB_URL names the bucket ""'],
  ['s3://knees/a b', 'BLOB_URL has the prefix "a%20b"; letters, digits'],
  ['s3://knees?endpoint=minio:9000', 'BLOB_URL: endpoint must look like https://host:port.'],
  ['s3://knees?endpoint=http://minio:9000/path', 'BLOB_URL: endpoint must look like https://host:port.'],
  ['s3://knees?region=Frankfurt am Main', 'BLOB_URL: region must look like eu-central-1.'],
  ['s3://knees?pathStyle=yes', 'BLOB_URL: pathStyle must be true or false.'],
  ['s3://knees?acl=public', 'BLOB_URL has the parameter acl; endpoint, region and pathStyle are accepted'],
  ['s3://knees#part', 'BLOB_URL has a part after #'],
  ['file://host/share', 'BLOB_URL names no directory of this machine'],
])('%s is refused with a sentence', (url, sentence) => {
  expect(() => parseBlobUrl(url, {})).toThrow(sentence);
});
