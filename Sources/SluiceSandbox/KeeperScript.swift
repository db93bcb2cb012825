/// The shell programs that a sandbox runs its processes with.
enum KeeperScript {
    /// Makes the folder, waits until standard input ends, stops everything, removes the folder.
    ///
    /// Standard output: the folder's path, then the end of file when all is gone.
    ///
    /// The arguments are the longest path allowed in bytes, and the parents to try in order.
    ///
    /// It is the only thing that cleans up: a stop, a crash, Ctrl-C and SIGKILL all look the same
    /// to it, because the kernel closes the other end of its standard input in any case. The
    /// launching shell ends at once; the keeper proper lives on in a session of its own, deaf to
    /// signals, and as the unprivileged account, so that a pid it reads can never be somebody
    /// else's process.
    ///
    /// `run/` has one file with a pid per process. Renaming it first closes the door: whoever
    /// starts now cannot register and so does not run. A process counts only while its working
    /// directory lies in the folder (where /proc tells), which neither a zombie's nor that of an
    /// unrelated process with a recycled pid does. initdb is told to end but its children are not:
    /// they end when it does, while a signal would make them leave shared memory behind. Ten
    /// seconds after the polite signals come the deadly ones, and five later the folder goes in any
    /// case.
    static let keeper = #"""
        umask 077
        exec 3<&0
        {
            trap '' HUP INT QUIT TERM
            longest=$1; shift
            folder=
            for parent in "$@"; do
                made=$(mktemp -d "$parent/sluice-XXXXXX" 2>/dev/null) || continue
                real=$(cd "$made" && pwd -P)
                if [ "${#real}" -le "$longest" ] && mkdir "$real/run"; then folder=$real; break; fi
                rmdir "$made"
            done
            [ -n "$folder" ] || exit 1
            echo "$folder"
            while read -r line; do :; done

            lives() {
                kill -0 "$1" 2>/dev/null || return 1
                [ -e /proc/self/cwd ] || return 0
                case $(readlink "/proc/$1/cwd") in "$folder"*) return 0 ;; esac
                return 1
            }
            quit() {
                signal=$1; shift
                for file in "$@"; do
                    [ -e "$file" ] || continue
                    pid=$(cat "$file")
                    if [ -z "$pid" ]; then left=yes; continue; fi
                    lives "$pid" || continue
                    left=yes
                    [ "$signal" != KILL ] || kill -KILL "-$pid" 2>/dev/null
                    kill "-$signal" "$pid" 2>/dev/null
                done
            }
            busy() { readlink /proc/[0-9]*/cwd 2>/dev/null | grep -qF "$folder"; }
            mv "$folder/run" "$folder/ended"
            tries=0
            while [ -e "$folder" ] && [ "$tries" -lt 400 ]; do
                tries=$((tries + 1))
                left=
                servers=QUIT tools=TERM
                if [ "$tries" -gt 200 ]; then servers=KILL tools=KILL; fi
                quit "$servers" "$folder"/ended/replica_*.server
                quit "$servers" "$folder"/ended/*.server
                quit "$tools" "$folder"/ended/*.tool
                if [ -z "$left" ] && busy; then left=yes; fi
                if [ -z "$left" ] || [ "$tries" -gt 300 ]; then rm -rf "$folder"; fi
                [ ! -e "$folder" ] || sleep 0.05
            done
        } <&3 3<&- &
        """#

    /// Runs one program to its end; arguments: folder, file for the pid, program and arguments.
    static let tool = #"""
        umask 077
        cd "$1" && echo $$ > "$2" || exit 125
        shift 2
        exec "$@"
        """#

    /// Writes standard input to a file; arguments: the file.
    static let append = #"cat >> "$1""#

    /// Starts a server and waits until it accepts connections.
    ///
    /// The arguments: its data directory, its socket, file for the pid, file for the log, tries
    /// of 20 ms, program and arguments.
    ///
    /// Not `pg_ctl start`: the pid has to be on record before the server exists, or a kill in
    /// between would leave it running. The shell is the server's parent while it waits, so a
    /// server that dies is no zombie and is seen at once. The lock file of a server that crashed
    /// goes first where /proc tells that its pid is not that server's any more: PostgreSQL itself
    /// is fooled by a zombie, which stays for long where nobody reaps orphans, as in containers.
    static let server = #"""
        data=$1 socket=$2 file=$3 log=$4 tries=$5
        shift 5
        old=$(sed -n 1p "$data/postmaster.pid" 2>/dev/null)
        if [ -n "$old" ] && [ -e /proc/self/cwd ]; then
            if [ "$(readlink "/proc/$old/cwd")" != "$data" ]; then
                rm -f "$data/postmaster.pid" "$socket" "$socket.lock"
            fi
        fi
        /bin/sh -c 'cd "$1" && echo $$ > "$2" || exit 125; shift 2; exec "$@"' \
            sh "$data" "$file" "$@" </dev/null >>"$log" 2>&1 &
        child=$!
        while kill -0 "$child" 2>/dev/null; do
            if [ "$(sed -n 1p "$data/postmaster.pid" 2>/dev/null)" = "$child" ]; then
                case $(sed -n 8p "$data/postmaster.pid") in ready*) exit 0 ;; esac
            fi
            tries=$((tries - 1))
            if [ "$tries" -le 0 ]; then kill -QUIT "$child"; exit 3; fi
            sleep 0.02
        done
        rm -f "$file"
        exit 1
        """#

    /// Starts a connection pooler and waits until it accepts connections.
    ///
    /// The arguments: the folder, file for the pid, file for the log, tries of 20 ms, program and
    /// arguments. It is on record before it exists, as a tool: SIGTERM ends it at once.
    static let pooler = #"""
        folder=$1 file=$2 log=$3 tries=$4
        shift 4
        /bin/sh -c 'cd "$1" && echo $$ > "$2" || exit 125; shift 2; exec "$@"' \
            sh "$folder" "$file" "$@" </dev/null >>"$log" 2>&1 &
        child=$!
        while kill -0 "$child" 2>/dev/null; do
            if grep -q 'process up' "$log"; then exit 0; fi
            tries=$((tries - 1))
            if [ "$tries" -le 0 ]; then kill -KILL "$child"; exit 3; fi
            sleep 0.02
        done
        rm -f "$file"
        exit 1
        """#
}
