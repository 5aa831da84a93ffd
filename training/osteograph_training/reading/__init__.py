"""Reading a radiograph: the KL grader, trained and judged on real films under the frozen split of people."""
