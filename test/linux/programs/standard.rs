// Rust's standard library: collections, threads, channels, files, processes, panics, time
use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::process::{Command, Stdio};
use std::sync::{mpsc, Arc, Condvar, Mutex, RwLock};
use std::time::{Duration, Instant};
use std::{env, fs, panic, thread};

fn main() {
    let args: Vec<String> = env::args().collect();
    if args.len() > 1 {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).unwrap();
        println!("child {} {} {}", args[1], text.len(), env::var("WHO").unwrap_or_default());
        std::process::exit(7);
    }
    let mut words: HashMap<String, usize> = HashMap::new();
    for word in "the cat saw the dog and the bird".split(' ') { *words.entry(word.to_string()).or_default() += 1; }
    let sorted: BTreeMap<_, _> = words.iter().collect();
    println!("{:?}", sorted);
    let total = Arc::new((Mutex::new(0u64), Condvar::new()));
    let handles: Vec<_> = (0..8).map(|n| { let t = total.clone(); thread::spawn(move || { for _ in 0..1000 { *t.0.lock().unwrap() += n; } t.1.notify_all(); }) }).collect();
    for handle in handles { handle.join().unwrap(); }
    println!("{}", total.0.lock().unwrap());
    let (send, receive) = mpsc::channel();
    for n in 0..4 { let send = send.clone(); thread::spawn(move || for i in 0..100 { send.send(n * 100 + i).unwrap(); }); }
    drop(send);
    println!("{}", receive.iter().sum::<i32>());
    let lock = RwLock::new(vec![1, 2, 3]);
    lock.write().unwrap().push(4);
    println!("{:?}", lock.read().unwrap());
    let start = Instant::now();
    thread::sleep(Duration::from_millis(30));
    println!("{}", start.elapsed() >= Duration::from_millis(30));
    println!("{:?}", receive.recv_timeout(Duration::from_millis(10)).is_err());
    fs::create_dir_all("a/b/c").unwrap();
    fs::write("a/file", "one\ntwo\nthree\n").unwrap();
    for line in BufReader::new(fs::File::open("a/file").unwrap()).lines() { print!("{} ", line.unwrap()); }
    let mut file = fs::OpenOptions::new().read(true).write(true).open("a/file").unwrap();
    file.seek(SeekFrom::End(0)).unwrap();
    file.write_all(b"four").unwrap();
    println!("{} {}", file.metadata().unwrap().len(), fs::copy("a/file", "a/copy").unwrap());
    let mut names: Vec<_> = fs::read_dir("a").unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    println!("{:?} {:?}", names, fs::read("missing").unwrap_err().kind());
    fs::remove_dir_all("a").unwrap();
    println!("{}", fs::metadata("a").is_err());
    let mut child = Command::new("/proc/self/exe").arg("works").env("WHO", "me").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&[b'x'; 100_000]).unwrap();
    let output = child.wait_with_output().unwrap();
    print!("{} {}", output.status, String::from_utf8_lossy(&output.stdout));
    println!("{}", Command::new("/missing").spawn().is_err());
    panic::set_hook(Box::new(|_| {}));
    println!("{}", panic::catch_unwind(|| { let v: Vec<i32> = vec![]; v[3] }).is_err());
    println!("{}", thread::spawn(|| panic!("in a thread")).join().is_err());
    println!("{:.6} {} {:?}", (2f64).sqrt(), u128::MAX, "äöü".chars().rev().collect::<String>());
    std::process::exit(3);
}
