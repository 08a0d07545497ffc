/** Names under which the program is installed; a test holds them equal to the applets. */
export const commandNames: readonly string[] =
  '[ basename cat chmod chown clear cp cut date df dirname du echo env false find free grep head hostname id kill ln ls mkdir mv nl printf ps pwd readlink realpath reboot reset rev rm rmdir seq shutdown sleep sort stat tac tail tee test time touch tr true uname uniq uptime wc which whoami xargs yes'.split(
    ' ',
  );
