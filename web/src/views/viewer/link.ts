/** Where the viewer shows one image of an exam: a film (of both knees: its id and the side) or a series. */
export function viewerLink(examId: string, imageKey: string): string {
  return `/exams/${examId}/view?hang=single&a=${encodeURIComponent(imageKey)}`;
}
