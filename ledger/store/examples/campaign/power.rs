//! Power cuts: an ext4 file system on a loop device, shut down by ioctl so that nothing unflushed survives.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use ledger_store::Event;

use crate::testing::Random;
use crate::worker::{Worker, check, fresh};

/// EXT4_IOC_SHUTDOWN with NOLOGFLUSH, as if the plug were pulled, at a word from us.
const SHUTDOWN: &str = "import fcntl,os,struct,sys\n\
    disk = os.open(sys.argv[1], os.O_RDONLY)\n\
    print('ready', flush=True)\n\
    sys.stdin.readline()\n\
    fcntl.ioctl(disk, 0x8004587D, struct.pack('I', 2))";

pub(crate) fn campaign(rounds: u64) {
    let dir = fresh("powercut");
    let mut random = Random(0x706f_7765_7200);
    let (mut acknowledged_all, mut cut, mut set_aside) = (0, 0, 0);
    for round in 0..rounds {
        let Some(disk) = Disk::make(&dir) else { return };
        // Twice on the same disk: the second cut hits a ledger that has survived one.
        for part in 0..2 {
            let worker = Worker::start(&[], &disk.mount.join("ledger"), round * 2 + part, u64::MAX);
            std::thread::sleep(Duration::from_millis(100 + random.below(900)));
            // Only what was said before the cut counts. An fdatasync that is under way while ext4 is shut
            // down may return success although its journal was given up (jbd2_complete_transaction finds the
            // transaction gone and does not ask how it went); after a real cut nobody is left to say so.
            let acknowledged = disk.cut_power(|| worker.so_far());
            worker.kill();
            disk.mount_again();
            let events = check(&disk.mount.join("ledger"), &acknowledged, &mut random);
            let events = events.unwrap_or_else(|e| panic!("round {round}.{part}: {e}"));
            acknowledged_all += acknowledged.size;
            cut += events.iter().filter(|e| matches!(e, Event::TailCut { .. })).count();
            set_aside += events.iter().filter(|e| matches!(e, Event::IndexSetAside { .. })).count();
        }
        drop(disk);
    }
    println!(
        "powercut: {} cuts, {acknowledged_all} entries acknowledged, none lost; {cut} unfinished writes cut, \
         {set_aside} indexes set aside and rebuilt",
        rounds * 2
    );
}

struct Disk {
    image: PathBuf,
    mount: PathBuf,
}

impl Disk {
    fn make(dir: &Path) -> Option<Self> {
        let disk = Self { image: dir.join("image"), mount: dir.join("mount") };
        std::fs::create_dir_all(&disk.mount).unwrap();
        std::fs::File::create(&disk.image).unwrap().set_len(1 << 30).unwrap();
        let made = run("mkfs.ext4", &["-q", "-F", disk.image.to_str().unwrap()]);
        if !made || !run("mount", &["-o", "loop", disk.image.to_str().unwrap(), disk.mount.to_str().unwrap()])
        {
            eprintln!("SKIPPED: power cuts need root, loop mounts and mkfs.ext4");
            return None;
        }
        Some(disk)
    }

    /// Cuts the power right after `last_look`.
    fn cut_power<T>(&self, last_look: impl FnOnce() -> T) -> T {
        let mut python = Command::new("python3");
        python.args(["-c", SHUTDOWN, self.mount.to_str().unwrap()]);
        let mut python = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(python.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let seen = last_look();
        python.stdin.take().unwrap().write_all(b"now\n").unwrap();
        assert!(python.wait().unwrap().success(), "the shutdown ioctl failed");
        seen
    }

    fn mount_again(&self) {
        assert!(run("umount", &[self.mount.to_str().unwrap()]));
        assert!(run("mount", &["-o", "loop", self.image.to_str().unwrap(), self.mount.to_str().unwrap()]));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run("umount", &[self.mount.to_str().unwrap()]);
    }
}

pub(crate) fn run(program: &str, args: &[&str]) -> bool {
    Command::new(program).args(args).status().is_ok_and(|status| status.success())
}
