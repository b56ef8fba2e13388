#include "jobs_fixture.hpp"

namespace winnow::jobs {

void OnBoth::start_over() {
  sent.clear();
  db().write([](Transaction& transaction) {
    for (const char* table : {"tasks", "emails", "subscriptions", "jobs", "users"})
      (void)transaction.run(std::string("DELETE FROM ") + table);
  });
}

std::string OnBoth::user(bool premium) {
  const std::string id = make_id();
  db().write([&](Transaction& transaction) {
    (void)transaction.run(
        "INSERT INTO users(id,email,password,created_at,confirmed_at) VALUES($1,$2,'x',now_us(),now_us())"
        " ON CONFLICT DO NOTHING",
        {id, id + "@example.org"});
  });
  if (premium) subscribe(db(), id, terms);
  return id;
}

std::string OnBoth::done_job(const std::string& user_id, MemoryStore& store) {
  const std::string id = make_id();
  const std::string key = "results/" + id + "/first";
  const storage::ObjectInfo stored = store.put(key, as_bytes("the results of " + id));
  db().write([&](Transaction& transaction) {
    (void)create_job(transaction, {.id = id,
                                   .user_id = user_id,
                                   .name = "photos.zip",
                                   .model = "",
                                   .input_key = "uploads/" + id + "/upload",
                                   .client_key = {}});
    (void)transaction.run(
        "UPDATE jobs SET state='done',result_key=$2,result_sha256=$3,completed_at=now_us() WHERE id=$1",
        {id, key, stored.sha256});
    const auto standing = standing_of(transaction, user_id);
    if (!standing->premium) plan_archive(transaction, id, standing->epoch, terms.archive_after);
  });
  return id;
}

Job OnBoth::job(const std::string& id) {
  Job found;
  db().read([&](Transaction& transaction) { found = find_job(transaction, id).value_or(Job()); });
  return found;
}

std::vector<Task> OnBoth::take(const std::string& kind, std::int64_t limit, const std::string& worker) {
  std::vector<Task> tasks;
  db().write([&](Transaction& transaction) { tasks = claim(transaction, kind, limit, worker, kLease); });
  return tasks;
}

int OnBoth::work_off(MemoryStore& store, const std::function<void(std::string_view)>& step) {
  const Context& use = context;
  const Handlers handlers{db(), store, terms, use.log, step};
  const Post post = [&](const Letter& letter) {
    sent.push_back(letter);
    return Posted::kSent;
  };
  int done = 0;
  for (bool more = true; more;) {
    more = false;
    for (const char* kind : {kArchive, kRestore, kDiscard, kMail, kReconcile}) {
      for (const Task& task : take(kind, 1)) {
        more = true;
        ++done;
        Later later;
        if (task.kind == kArchive) later = archive(handlers, task);
        if (task.kind == kRestore) later = restore(handlers, task);
        if (task.kind == kDiscard) later = discard(handlers, task);
        if (task.kind == kMail) later = send_letter(handlers, task, post, {.url = "https://pets.example"});
        if (task.kind == kReconcile) later = reconcile(handlers, task);
        if (later) {
          db().write([&](Transaction& transaction) { postpone(transaction, task, *later); });
        }
      }
    }
  }
  return done;
}

void OnBoth::expect_nothing_lost(MemoryStore& store) {
  Rows rows;
  db().read([&](Transaction& transaction) {
    rows = transaction.run(
        "SELECT id,storage,result_key,cold_key,result_sha256 FROM jobs WHERE state='done' AND deleted_at IS "
        "NULL");
  });
  for (const Row& row : rows) {
    const std::string& copy = row.text(1) == "cold" || !row.is_null(3) ? row.text(3) : row.text(2);
    const auto found = store.find(copy);
    ASSERT_TRUE(found) << "job " << row.text(0) << " is " << row.text(1) << " and " << copy << " is gone";
    EXPECT_EQ(found->sha256, row.text(4)) << "job " << row.text(0);
  }
}

}  // namespace winnow::jobs
