// Written by "npm run generate" from the dictionary of variables (src/domain/variables). Not to be edited.
import { graphql } from './graphql.ts';

export const PARTICIPANT_VARIABLES = graphql(`
  fragment ParticipantVariables on Participant {
    sex
    race
    hispanic
    cohort
    site
    cohortHalf
    lastContact
    deathDate
    deathConfirmation
    deathAfter
  }
`);

export const VISIT_VARIABLES = graphql(`
  fragment VisitVariables on Visit {
    date
    age
    bmi
    koosQualityOfLife
    koosSport
    pase
    cesd
  }
`);

export const KNEE_EXAM_VARIABLES = graphql(`
  fragment KneeExamVariables on KneeExam {
    womacPain
    womacDisability
    womacStiffness
    womacTotal
    koosPain
    koosSymptoms
    injuryEver
    surgeryEver
  }
`);
