"""Films for the knee detector that are composed of real knees, and other views, that it is trained and judged on."""
