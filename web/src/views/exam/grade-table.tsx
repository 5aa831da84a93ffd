import { featureName, gradeTerm } from '../../lib/words.ts';
import type { Exam } from './queries.ts';
import styles from './grade-table.module.css';

type GradeOf = Exam['grades'][number];

/** The 19 grades in OARSI's terms with OAI's codes: the preferred reading, and each published reading where there are several. */
export function GradeTable({ exam: { grades, readings, preferredProject } }: { exam: Exam }) {
  const others = readings.length > 1 ? readings : [];
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label="Grades">
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Feature</th>
            <th scope="col">Code</th>
            <th scope="col">
              Preferred reading
              {preferredProject && <small>{projectName(preferredProject)}</small>}
            </th>
            {others.map(({ id, project, version }) => (
              <th key={id} scope="col">
                {projectName(project)}
                {version && <small>v{version}</small>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {grades.map((grade) => (
            <tr key={grade.feature} className={(grade.grade ?? 0) >= 1 ? styles.found : undefined}>
              <th scope="row">{featureName(grade.feature)}</th>
              <td>
                <code>{grade.feature}</code>
              </td>
              <td>
                <GradeText grade={grade} />
              </td>
              {others.map(({ id, grades: read }) => {
                const other = read.find(({ feature: code }) => code === grade.feature);
                return <td key={id}>{other && <GradeText grade={other} short />}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function GradeText({
  grade: { feature: code, grade, missing, missingReason },
  short = false,
}: {
  grade: GradeOf;
  short?: boolean;
}) {
  if (grade === null) {
    return (
      <span className={styles.missing} title={missingReason ?? undefined}>
        {missing ? (short ? missing : `${missing} ${missingReason ?? ''}`) : short ? '–' : 'not read'}
      </span>
    );
  }
  return (
    <>
      <strong>{grade}</strong>
      {!short && <> {gradeTerm(code, grade)}</>}
    </>
  );
}

function projectName(project: string): string {
  return project.replace('PROJECT_', 'project ');
}
