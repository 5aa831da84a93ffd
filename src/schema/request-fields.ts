import { Field, Int } from 'type-graphql';

/*
 * What every request for work says alike: which bundle, how soon, and that it is one request however often it is sent.
 */

export const BundleField = () =>
  Field(() => String, { nullable: true, description: '`name` or `name@version`; default: the newest that is READY.' });

export const PriorityField = () =>
  Field(() => Int, {
    nullable: true,
    description: '-10 to 11; a higher one goes first. Default 11, which goes before every batch.',
  });

export const ClientKeyField = () =>
  Field(() => String, { nullable: true, description: 'Asking twice with one key gives one generation.' });
