// Prints a file of HCL as JSON, by HashiCorp's own parser: node hcl.cjs FILE
const { readFileSync } = require("node:fs");
const { parse } = require("@cdktf/hcl2json");

const file = process.argv[2];
parse(file, readFileSync(file, "utf8")).then(
  (value) => console.log(JSON.stringify(value)),
  (error) => {
    console.error(String(error));
    process.exit(1);
  },
);
