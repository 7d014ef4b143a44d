//! What is known of each tool that is set up: targets as data, and the rules that follow from the data.
