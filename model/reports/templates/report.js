"use strict";
{
  const TOLERANCE = 0.02; // seconds: players seek inexactly
  const { duration, utterances } = JSON.parse(document.getElementById("data").textContent);
  const timeline = document.getElementById("timeline");
  const follow = document.getElementById("follow");
  const outputs = document.querySelectorAll("[data-value]");
  const cards = document.querySelectorAll(".utterance");
  const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
  let player = document.getElementById("player");
  let now = 0;
  let current = -1;

  const clock = (time) => {
    const [hours, minutes, seconds] = [time / 3600, (time / 60) % 60, time % 60].map(Math.floor);
    const pad = (number) => String(number).padStart(2, "0");
    return hours ? `${hours}:${pad(minutes)}:${pad(seconds)}` : `${minutes}:${pad(seconds)}`;
  };
  const percent = (share) => `${Math.round(100 * share)}%`;
  const clamp = (time) => Math.min(duration, Math.max(0, time));

  /** Index of the utterance at a time in seconds; -1 between utterances. */
  const indexAt = (time) => utterances.findLastIndex((u) => u.start - TOLERANCE <= time && time <= u.end + TOLERANCE);

  /** "0:12, joy 62%", or only the time between utterances. */
  const describe = (time) => {
    const utterance = utterances[indexAt(time)];
    if (!utterance) return clock(time);
    const [label, share] = Object.entries(utterance.emotions).reduce((a, b) => (b[1] > a[1] ? b : a));
    return `${clock(time)}, ${label} ${percent(share)}`;
  };

  /** Show the values at a time in the legend. */
  const updateLegend = (time) => {
    const utterance = utterances[indexAt(time)];
    document.getElementById("now").textContent = describe(time);
    for (const output of outputs) {
      const [kind, label] = output.dataset.value.split("-");
      output.textContent = utterance ? percent(utterance[kind][label]) : "";
    }
  };

  const moveLine = (line, time) => {
    for (const end of ["x1", "x2"]) line.setAttribute(end, `${(100 * time) / duration}%`);
  };

  /** Scroll a card into view: smoothly if it is near, instantly if cards between are not laid out yet. */
  const scrollTo = (card) => {
    const near = Math.abs(card.getBoundingClientRect().top) < 2 * innerHeight;
    card.scrollIntoView({ block: "nearest", behavior: near && !reducedMotion.matches ? "smooth" : "auto" });
  };

  const markCard = (index, scroll) => {
    cards[current]?.removeAttribute("aria-current");
    current = index;
    cards[current]?.setAttribute("aria-current", "true");
    if (scroll && cards[current]) scrollTo(cards[current]);
  };

  /** Move playhead, legend and highlighted card to a time. */
  const show = (time, scroll) => {
    now = clamp(time);
    if (!timeline) return;
    moveLine(document.getElementById("playhead"), now);
    timeline.setAttribute("aria-valuenow", now.toFixed(2));
    timeline.setAttribute("aria-valuetext", describe(now));
    updateLegend(now);
    const index = indexAt(now);
    if (index !== current) markCard(index, scroll);
  };

  const seek = (time) => {
    if (player) player.currentTime = clamp(time);
    show(time, true);
  };

  const removePlayer = () => {
    player.remove();
    player = null;
    document.getElementById("unplayable").hidden = false;
  };

  const followPlayer = () => {
    if (!player) return;
    show(player.currentTime, follow?.checked && !player.paused);
    if (!player.paused) requestAnimationFrame(followPlayer);
  };

  if (player) {
    if (player.error) removePlayer();
    player?.addEventListener("error", removePlayer);
    for (const event of ["play", "seeked", "pause"]) player?.addEventListener(event, followPlayer);
  }

  for (const [index, card] of cards.entries()) {
    card.addEventListener("click", () => {
      if (String(getSelection()) === "") seek(utterances[index].start); // unless text was selected
    });
  }

  for (const button of document.querySelectorAll("[data-utterance]")) {
    button.addEventListener("click", () => seek(utterances[button.dataset.utterance].start));
  }

  if (timeline) {
    const pointer = document.getElementById("pointer");
    const timeUnder = (event) => {
      const box = timeline.getBoundingClientRect();
      return clamp((duration * (event.clientX - box.left)) / box.width);
    };
    const jumps = {
      ArrowLeft: () => now - 1,
      ArrowRight: () => now + 1,
      ArrowDown: () => now - 1,
      ArrowUp: () => now + 1,
      PageUp: () => utterances.findLast((u) => u.start < now - TOLERANCE)?.start ?? 0,
      PageDown: () => utterances.find((u) => u.start > now + TOLERANCE)?.start ?? duration,
      Home: () => 0,
      End: () => duration,
    };
    timeline.addEventListener("click", (event) => seek(timeUnder(event)));
    timeline.addEventListener("pointermove", (event) => {
      moveLine(pointer, timeUnder(event));
      pointer.setAttribute("visibility", "visible");
      updateLegend(timeUnder(event));
    });
    timeline.addEventListener("pointerleave", () => {
      pointer.setAttribute("visibility", "hidden");
      updateLegend(now);
    });
    timeline.addEventListener("keydown", (event) => {
      const jump = jumps[event.key];
      if (!jump || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      seek(jump());
    });
  }

  show(0, false);
}
