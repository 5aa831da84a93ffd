import { lazy, type ComponentType } from 'react';
import type { Viewer } from './session-context.tsx';

/** A right that a view needs, as `viewer` says it. */
export type Right = 'canCount' | 'canRead' | 'canSeeImages' | 'canGenerate' | 'canAdminister';

/** One view: where it is, what it needs, and its code, loaded when it is first opened. */
export interface View {
  path: string;
  /** Title of the page. */
  title: string;
  right: Right;
  component: ComponentType;
}

/** A main view that the navigation shows to those who may open it. */
export interface Section {
  label: string;
  path: string;
  right: Right;
  views: View[];
}

/** Every section of the app. To add one: a folder in views/ and an entry here. */
export const SECTIONS: readonly Section[] = [
  {
    label: 'Cohorts',
    path: '/cohorts',
    right: 'canCount',
    views: [
      view('/cohorts', 'Cohorts', 'canCount', () => import('../views/cohorts/explore.tsx').then((m) => m.Explore)),
      view('/cohorts/saved', 'Saved cohorts', 'canRead', () =>
        import('../views/saved/saved-cohorts.tsx').then((m) => m.SavedCohorts),
      ),
      view('/cohorts/saved/:id', 'Cohort', 'canRead', () =>
        import('../views/saved/cohort-view.tsx').then((m) => m.CohortView),
      ),
      view('/cohorts/compare', 'Compare cohorts', 'canRead', () =>
        import('../views/saved/compare.tsx').then((m) => m.Compare),
      ),
      view('/cohorts/variables', 'Derived variables', 'canRead', () =>
        import('../views/variables/variable-list.tsx').then((m) => m.VariableList),
      ),
      view('/cohorts/variables/:name', 'Derived variable', 'canRead', () =>
        import('../views/variables/variable-view.tsx').then((m) => m.VariableView),
      ),
      view('/cohorts/exports', 'Exports', 'canRead', () => import('../views/saved/exports.tsx').then((m) => m.Exports)),
      view('/exams/:id', 'Knee exam', 'canRead', () => import('../views/exam/exam-view.tsx').then((m) => m.ExamView)),
      view('/exams/:id/view', 'Viewer', 'canSeeImages', () =>
        import('../views/viewer/viewer-page.tsx').then((m) => m.ViewerPage),
      ),
    ],
  },
  {
    label: 'Generate',
    path: '/generate',
    right: 'canGenerate',
    views: [
      view('/generate', 'Generate', 'canGenerate', () =>
        import('../views/generate/generate-view.tsx').then((m) => m.GenerateView),
      ),
    ],
  },
  {
    label: 'Generations',
    path: '/generations',
    right: 'canRead',
    views: [
      view('/generations', 'Generations', 'canRead', () =>
        import('../views/generations/generation-list.tsx').then((m) => m.GenerationList),
      ),
      view('/generations/:id', 'Generation', 'canRead', () =>
        import('../views/generations/generation-view.tsx').then((m) => m.GenerationView),
      ),
      view('/generations/:id/view', 'Viewer', 'canSeeImages', () =>
        import('../views/viewer/viewer-page.tsx').then((m) => m.RunViewerPage),
      ),
      view('/generations/:id/severity', 'Severity', 'canGenerate', () =>
        import('../views/severity/severity-view.tsx').then((m) => m.SeverityView),
      ),
    ],
  },
  {
    label: 'Batches',
    path: '/batches',
    right: 'canRead',
    views: [
      view('/batches', 'Batches', 'canRead', () => import('../views/batches/batch-list.tsx').then((m) => m.BatchList)),
      view('/batches/:id', 'Batch', 'canRead', () =>
        import('../views/batches/batch-view.tsx').then((m) => m.BatchView),
      ),
    ],
  },
  {
    label: 'Models',
    path: '/models',
    right: 'canRead',
    views: [
      view('/models', 'Models', 'canRead', () => import('../views/models/model-list.tsx').then((m) => m.ModelList)),
      view('/models/:name', 'Model', 'canRead', () =>
        import('../views/models/model-view.tsx').then((m) => m.ModelView),
      ),
    ],
  },
  {
    label: 'Evaluations',
    path: '/evaluations',
    right: 'canRead',
    views: [
      view('/evaluations', 'Evaluations', 'canRead', () =>
        import('../views/evaluations/evaluation-list.tsx').then((m) => m.EvaluationList),
      ),
      view('/evaluations/new', 'Evaluate bundles', 'canGenerate', () =>
        import('../views/evaluations/new-evaluation.tsx').then((m) => m.NewEvaluation),
      ),
      view('/evaluations/:id', 'Evaluation', 'canRead', () =>
        import('../views/evaluations/evaluation-view.tsx').then((m) => m.EvaluationView),
      ),
    ],
  },
  {
    label: 'Reader studies',
    path: '/reader-studies',
    right: 'canRead',
    views: [
      view('/reader-studies', 'Reader studies', 'canRead', () =>
        import('../views/reader-studies/study-list.tsx').then((m) => m.StudyList),
      ),
      view('/reader-studies/new', 'New reader study', 'canGenerate', () =>
        import('../views/reader-studies/new-study.tsx').then((m) => m.NewStudy),
      ),
      view('/reader-studies/:id', 'Reader study', 'canRead', () =>
        import('../views/reader-studies/study-view.tsx').then((m) => m.StudyView),
      ),
      view('/reader-studies/:id/read', 'Which image was imported?', 'canSeeImages', () =>
        import('../views/reader-studies/read-view.tsx').then((m) => m.ReadView),
      ),
    ],
  },
  {
    label: 'Workers',
    path: '/workers',
    right: 'canRead',
    views: [
      view('/workers', 'Workers', 'canRead', () => import('../views/workers/workers.tsx').then((m) => m.Workers)),
    ],
  },
];

export const VIEWS: readonly View[] = SECTIONS.flatMap(({ views }) => views);

export function mayOpen(viewer: Viewer, right: Right): boolean {
  return viewer[right];
}

/** What a right is for, after "may not". */
export const RIGHT_WORDS: Record<Right, { what: string; role: string }> = {
  canCount: { what: 'count knees', role: 'SUMMARY' },
  canRead: { what: 'read records', role: 'ANALYST' },
  canSeeImages: { what: 'see images', role: 'READER' },
  canGenerate: { what: 'ask for generations', role: 'OPERATOR' },
  canAdminister: { what: 'manage tokens', role: 'ADMIN' },
};

function view(path: string, title: string, right: Right, load: () => Promise<ComponentType>): View {
  return { path, title, right, component: lazy(async () => ({ default: await load() })) };
}
