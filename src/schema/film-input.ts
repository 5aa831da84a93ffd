import { Field, ID, InputType } from 'type-graphql';
import type { Side } from '../domain/participants.js';
import { SideEnum } from './enums.js';

/** Which film, and which knee of it; a mutation that means something else by one of them describes it anew. */
@InputType()
export abstract class FilmInput {
  @Field(() => ID, { nullable: true, description: 'The exam; its radiograph is taken.' })
  examId?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The radiograph. A bilateral film also needs side or examId, which says which knee.',
  })
  radiographId?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: "A radiograph of the caller's own, uploaded by `POST /radiographs`, instead of an exam's.",
  })
  uploadId?: string | null;

  @Field(() => SideEnum, {
    nullable: true,
    description: 'The knee of a bilateral film, and of an uploaded one that does not say which knee it shows.',
  })
  side?: Side | null;
}
