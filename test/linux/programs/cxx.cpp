// C++: exceptions through frames and threads, containers, streams, thread-local objects
#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
struct Noisy { std::string n; ~Noisy() { std::cout << "~" << n << "\n"; } };
static int deep(int n) { Noisy x{std::to_string(n)}; if (n == 0) throw std::runtime_error("bottom"); return deep(n - 1) + 1; }
int main() {
  try { deep(3); } catch (const std::exception &e) { std::cout << e.what() << "\n"; }
  try { std::vector<int>().at(5); } catch (const std::out_of_range &) { std::cout << "range\n"; }
  std::map<std::string, int> m; std::istringstream in("the cat the dog the end"); for (std::string w; in >> w;) m[w]++; for (auto &[k, v] : m) std::cout << k << "=" << v << " "; std::cout << "\n";
  auto f = std::async(std::launch::async, []() -> int { throw 42; }); try { f.get(); } catch (int v) { std::cout << v << "\n"; }
  std::atomic<int> n{0}; std::vector<std::thread> t; for (int i = 0; i < 4; i++) t.emplace_back([&] { for (int k = 0; k < 1000; k++) n++; }); for (auto &x : t) x.join(); std::cout << n << "\n";
  std::vector<double> v(1000); double x = 1; for (auto &d : v) d = (x = x * 1.37 - int(x)); std::sort(v.begin(), v.end(), std::greater<>()); std::cout.precision(15); std::cout << v[0] << " " << v[500] << "\n"; auto p = std::make_shared<Noisy>(Noisy{"shared"}); std::cout << p.use_count() << std::endl; void *o = dynamic_cast<void *>((std::ostream *)&std::cout); std::cout << (o != nullptr) << "\n";
}
