#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace winnow::test {

// Stands between a client and a server of the loopback interface, and breaks connections at a word.
class TcpRelay {
 public:
  // to: the server's port.
  explicit TcpRelay(int to);
  ~TcpRelay();
  TcpRelay(const TcpRelay&) = delete;
  TcpRelay& operator=(const TcpRelay&) = delete;

  [[nodiscard]] int port() const { return port_; }
  // The next time that a client sends this, it goes on to the server, and the connection breaks before any
  // answer.
  void lose_answer_to(std::string word);
  [[nodiscard]] int lost() const { return lost_; }

 private:
  void accept_all();
  void relay(int client);

  const int to_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> closed_ = false;
  std::atomic<int> lost_ = 0;
  std::mutex mutex_;  // for the next two
  std::string word_;
  std::vector<std::jthread> relays_;
  std::jthread acceptor_;
};

}  // namespace winnow::test
