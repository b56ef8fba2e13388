#include "support/peer.hpp"

#include <filesystem>

#include "support/built.hpp"

namespace winnow::test {

bool has_peer(const std::string& package) {
  std::error_code error;
  const std::filesystem::path libraries = peers_python().parent_path().parent_path() / "lib";
  for (const auto& version : std::filesystem::directory_iterator(libraries, error)) {
    if (std::filesystem::exists(version.path() / "site-packages" / package)) return true;
  }
  return false;
}

Peer::Peer(const std::vector<std::string>& command) {
  std::vector<std::string> whole{"/usr/bin/setpriv", "--pdeathsig", "KILL"};
  whole.insert(whole.end(), command.begin(), command.end());
  process_ = std::make_unique<Process>(whole);
}

Peer Peer::script(const std::string& name, const std::vector<std::string>& arguments) {
  std::vector<std::string> command{peers_python(), "-u", test::script(name)};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return Peer(command);
}

std::uint16_t Peer::port() {
  if (port_ == 0) {
    const std::string begin = "listening on ";
    const std::string said = process_->wait_for_err(begin, std::chrono::seconds(60));
    const std::size_t at = said.find(begin);
    if (at != std::string::npos)
      port_ = static_cast<std::uint16_t>(std::stoi(said.substr(at + begin.size())));
  }
  return port_;
}

}  // namespace winnow::test
