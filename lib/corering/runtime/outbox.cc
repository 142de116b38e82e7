#include "corering/runtime/outbox.h"

namespace corering::runtime {

bool Outbox::send(Letter& letter) noexcept {
  const CoreId to = letter.to();
  Letters& letters = waiting_[to.value];
  if (letters.empty() && mailbox(to).try_push(letter.message())) return true;
  mailbox(to).set_sender_waits(true);
  letters.push_back(letter);
  ++count_;
  return false;
}

bool Outbox::try_take_back(Letter& letter) noexcept {
  if (!letter.is_waiting()) return false;
  Letters& letters = waiting_[letter.to().value];
  letters.erase(letters.iterator_to(letter));
  note_left(letter.to());
  return true;
}

std::size_t Outbox::flush() noexcept {
  if (count_ == 0) return 0;
  std::size_t sent = 0;
  for (std::uint16_t to = 0; to < exchange_.cores(); ++to) {
    Letters& letters = waiting_[to];
    while (!letters.empty() && mailbox(CoreId{to}).try_push(letters.front().message())) {
      letters.pop_front();
      note_left(CoreId{to});
      ++sent;
    }
  }
  return sent;
}

bool Outbox::can_send() const noexcept {
  if (count_ == 0) return false;
  for (std::uint16_t to = 0; to < exchange_.cores(); ++to) {
    if (!waiting_[to].empty() && mailbox(CoreId{to}).has_room()) return true;
  }
  return false;
}

void Outbox::note_left(CoreId to) noexcept {
  --count_;
  if (waiting_[to.value].empty()) mailbox(to).set_sender_waits(false);
}

}  // namespace corering::runtime
