#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "support/raw_client.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_database.hpp"
#include "winnow/httpd/server.hpp"
#include "winnow/jobs/outbox.hpp"
#include "winnow/jobs/task_handler.hpp"
#include "winnow/portal/portal.hpp"

namespace winnow::portal {

using test::RawClient;
using test::Reply;

// A portal behind a running server, on a local store, and on SQLite, or on PostgreSQL where
// WINNOW_TEST_ENGINE says so. There are no workers: work_off() is one.
class RunningPortal {
 public:
  explicit RunningPortal(const std::function<void(PortalOptions&)>& change = {});
  ~RunningPortal();

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  jobs::Database& database() { return *database_; }
  // The first column of the first row, as text.
  std::string ask(const std::string& sql) { return database_.ask(sql); }
  void advance(jobs::Microseconds time) { database_.advance(time); }
  // Whatever is due, until nothing is.
  void work_off();
  [[nodiscard]] std::string messages() const { return context_.messages(); }
  [[nodiscard]] std::size_t files_in_spool() const;
  Portal& portal() { return *portal_; }

  // Until it is called, every transaction that reads waits.
  void hold_database(bool hold);

  std::vector<jobs::Letter> sent;

 private:
  class Gate;

  test::TemporaryFolder folder_;
  test::RecordingContext context_;
  test::TestDatabase database_;
  std::unique_ptr<Gate> gate_;
  std::unique_ptr<storage::ObjectStore> store_;
  jobs::JobTerms terms_;
  std::unique_ptr<Portal> portal_;
  httpd::Router router_;
  std::unique_ptr<httpd::Server> server_;
};

// What a browser is: cookies, forms, and where they come from.
class Browser {
 public:
  explicit Browser(RunningPortal& portal) : portal_(portal) {}

  Reply get(const std::string& path, const std::string& more = "");
  // With the token of its forms.
  Reply post(const std::string& path, const std::string& fields, const std::string& more = "");
  Reply upload(const std::string& file, const std::string& name = "batch.tar");
  // Registers, and is signed in.
  void register_as(const std::string& email);
  // A token for programs.
  std::string make_token();

  // The token of the forms on a page; empty without.
  static std::string token_on(const std::string& page);
  [[nodiscard]] std::string token();

  std::string cookie;  // "winnow=wns_..."

 private:
  Reply ask(const std::string& method, const std::string& path, const std::string& body,
            const std::string& more);

  RunningPortal& portal_;
};

inline constexpr const char* kPassword = "correct horse battery";

// A tar archive of some small pictures.
std::string some_pictures(int count = 2, const std::string& padding = "");
std::string form_text(const std::string& text);  // percent-encoded
// A multipart body with the boundary "x".
std::string multipart(const std::vector<std::pair<std::string, std::string>>& files,
                      const std::string& token);
inline constexpr const char* kMultipart = "Content-Type: multipart/form-data; boundary=x\r\n";

// A request of a program.
Reply call(RunningPortal& portal, const std::string& token, const std::string& method,
           const std::string& path, const std::string& body = "", const std::string& more = "");
// Uploads, and returns the job's id.
std::string submit(RunningPortal& portal, const std::string& token,
                   const std::string& file = some_pictures());

}  // namespace winnow::portal
