//! Small disks that can be filled, and that can lose their power. They need root and loop mounts.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// EXT4_IOC_SHUTDOWN, for which neither coreutils nor util-linux has a command.
const SHUTDOWN: &str = "import fcntl,os,struct,sys\n\
    fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack('I', int(sys.argv[2])))";

/// How the file system goes down.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cut {
    /// Its journal is written first: the names are newer than the bytes.
    JournalFlushed = 1,
    /// Nothing more is written.
    AtOnce = 2,
}

/// An ext4 file system in a file, mounted until it is dropped.
pub(crate) struct Disk {
    image: PathBuf,
    /// Where it is mounted.
    pub(crate) mount: PathBuf,
}

impl Disk {
    /// Makes one of so many bytes; `None`, after saying so, where that is not possible.
    pub(crate) fn make(scratch: &Path, bytes: u64) -> Result<Option<Self>, String> {
        let disk = Self { image: scratch.join("image"), mount: scratch.join("mount") };
        std::fs::create_dir_all(&disk.mount).map_err(|e| e.to_string())?;
        let image = File::create(&disk.image).map_err(|e| e.to_string())?;
        image.set_len(bytes).map_err(|e| e.to_string())?;
        // No blocks are kept back for root, so that full is full.
        let made = run("mkfs.ext4", &["-q", "-F", "-m", "0", text(&disk.image)]);
        if made && run("mount", &["-o", "loop", text(&disk.image), text(&disk.mount)]) {
            return Ok(Some(disk));
        }
        println!("SKIPPED: this campaign needs root, mkfs.ext4 and loop mounts");
        Ok(None)
    }

    /// Takes the power away.
    pub(crate) fn cut_power(&self, cut: Cut) -> Result<(), String> {
        let flag = (cut as u32).to_string();
        let done = run("python3", &["-c", SHUTDOWN, text(&self.mount), &flag]);
        if done { Ok(()) } else { Err("the shutdown of the file system failed".to_owned()) }
    }

    /// Brings the power back.
    pub(crate) fn mount_again(&self) -> Result<(), String> {
        self.unmount();
        let done = run("mount", &["-o", "loop", text(&self.image), text(&self.mount)]);
        if done { Ok(()) } else { Err("the file system does not mount again".to_owned()) }
    }

    fn unmount(&self) {
        // A process that was killed a moment ago may still hold it.
        for _ in 0..50 {
            if run("umount", &[text(&self.mount)]) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.unmount();
    }
}

/// Runs a program without its output. True when it says that it did what it should.
pub(crate) fn run(program: &str, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(args).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("a path made here is text")
}
