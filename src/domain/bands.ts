/** A half-open range of a number, `from` included. */
export interface Band {
  name: string;
  /** Absent: no lower bound. */
  from?: number;
  /** Absent: no upper bound. */
  below?: number;
}

/** Whole years at the visit. OAI enrolled people of 45 to 79. */
export const AGE_BANDS: readonly Band[] = [
  { name: '<50', below: 50 },
  { name: '50-59', from: 50, below: 60 },
  { name: '60-69', from: 60, below: 70 },
  { name: '70-79', from: 70, below: 80 },
  { name: '80+', from: 80 },
];

/** Body mass index in the classes of the World Health Organization, kg/m². */
export const BMI_BANDS: readonly Band[] = [
  { name: '<18.5', below: 18.5 },
  { name: '18.5-25', from: 18.5, below: 25 },
  { name: '25-30', from: 25, below: 30 },
  { name: '30-35', from: 30, below: 35 },
  { name: '35-40', from: 35, below: 40 },
  { name: '40+', from: 40 },
];
