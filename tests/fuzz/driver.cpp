// Runs a fuzz target without libFuzzer: on every file of a folder, and on damaged copies of them, the same on
// every run.
//
//   x_fuzz FOLDER      of text files, each one input
//   x_fuzz FILE        only this one
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz_target.hpp"
#include "winnow/core/random.hpp"

namespace {

using winnow::CounterRandom;

constexpr std::uint64_t kDamaged = 20'000;
std::uint64_t current = 0;

// Signal-safe.
void say_which(int signal) {
  char text[64] = "fuzz: in the damaged input ";
  char* end = std::to_chars(text + 27, text + 62, current).ptr;
  *end++ = '\n';
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, static_cast<std::size_t>(end - text));
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

void run(const std::string& input) {
  // Of its own size, so that AddressSanitizer sees a byte too far.
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::string damage(const std::vector<std::string>& sound, std::uint64_t seed) {
  CounterRandom random(seed);
  std::string input = sound[random.below(sound.size())];
  for (std::uint64_t edits = random.below(5); edits <= 4; ++edits) {
    const std::size_t at = random.below(input.size() + 1);
    switch (random.below(5)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(random.below(256));
        break;
      case 1:
        input.erase(at, 1 + random.below(6));
        break;
      case 2: {
        const std::string& other = sound[random.below(sound.size())];
        const std::size_t from = random.below(other.size() + 1);
        input.insert(at, other.substr(from, random.below(20)));
        break;
      }
      default:
        input.insert(at, 1, "\r\n\0 \t:;,=-\"\\%{}[]09X"[random.below(20)]);
    }
  }
  return input;
}

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || !std::filesystem::exists(argv[1])) {
    std::cerr << "usage: " << argv[0] << " FOLDER|FILE\n";
    return 2;
  }
  if (!std::filesystem::is_directory(argv[1])) {
    run(read(argv[1]));
    return 0;
  }
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> sound;
  for (const auto& path : paths) run(sound.emplace_back(read(path)));
  if (sound.empty()) {
    std::cerr << argv[1] << ": no input here\n";
    return 1;
  }
  ::signal(SIGABRT, say_which);
  for (current = 0; current < kDamaged; ++current) run(damage(sound, current));
  return 0;
}
