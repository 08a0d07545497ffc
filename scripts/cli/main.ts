#!/usr/bin/env node
process.stderr.write('halfcell: nothing can be started yet\n');
process.exitCode = 2;
