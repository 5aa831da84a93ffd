import { Field, ObjectType } from 'type-graphql';
import { DateTime, LargeInt } from './scalars.js';

@ObjectType({ simpleResolvers: true, description: 'A stored file, addressed by its content.' })
export class Asset {
  @Field(() => String, {
    description: 'Signed, expiring; relative to the address of the server. Takes Range requests.',
  })
  url!: string;

  @Field(() => DateTime, { description: 'When the URL ends to work; asking again gives a new one.' })
  expiresAt!: Date;

  @Field(() => String, { description: 'As in the Content-Type header, e.g. `image/png`.' })
  mediaType!: string;

  @Field(() => LargeInt, { description: 'Size of the file in bytes.' })
  bytes!: number;

  @Field(() => String, { description: 'Digest of the file, hexadecimal.' })
  sha256!: string;
}
