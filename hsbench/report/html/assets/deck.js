"use strict";

// Compares the sounds of a clip: one is heard, and a change to another keeps the position, so that the same passage is
// heard in both. Each sound keeps its own player; the deck above the cards acts on the chosen one.

const seconds = (value) => value.toFixed(2);

class Deck {
  constructor(element, cards) {
    this.element = element;
    this.cards = cards;
    this.sounds = cards.map((card) => card.querySelector("audio"));
    this.index = 0;
    for (const name of ["play", "position", "clock", "repeat", "chosen"]) this[name] = element.querySelector(`.${name}`);
    this.play.addEventListener("click", () => this.toggle());
    this.position.addEventListener("input", () => this.seek(Number(this.position.value)));
    this.repeat.addEventListener("change", () => this.sounds.forEach((sound) => { sound.loop = this.repeat.checked; }));
    this.sounds.forEach((sound, index) => {
      sound.addEventListener("play", () => this.started(index));
      for (const name of ["pause", "ended", "seeked", "timeupdate", "loadedmetadata"]) {
        sound.addEventListener(name, () => { if (index === this.index) this.show(); });
      }
      cards[index].querySelector(".pick").addEventListener("click", () => this.choose(index));
    });
    element.hidden = false;
    this.show();
  }

  get sound() { return this.sounds[this.index]; }

  // Until a file is loaded its duration is not a number, and it starts at its beginning.
  get duration() { return this.sound.duration || 0; }

  toggle() {
    if (this.sound.paused) this.sound.play(); else this.sound.pause();
  }

  seek(share) {
    this.sound.currentTime = share * this.duration;
  }

  choose(index) {
    if (index < 0 || index >= this.sounds.length || index === this.index) return;
    const before = this.sound;
    const playing = !before.paused;
    const position = before.ended ? 0 : before.currentTime;
    this.index = index;
    before.pause();
    this.sound.currentTime = position;
    if (playing) this.sound.play();
    this.show();
    this.cards[index].scrollIntoView({ block: "nearest" });
  }

  // Also runs when the own player of a card starts it. Two sounds at once cannot be compared.
  started(index) {
    this.index = index;
    this.sounds.forEach((other, place) => { if (place !== index) other.pause(); });
    this.show();
  }

  show() {
    this.play.textContent = this.sound.paused ? "Play" : "Pause";
    this.position.value = this.duration ? this.sound.currentTime / this.duration : 0;
    this.clock.textContent = `${seconds(this.sound.currentTime)} / ${seconds(this.duration)} s`;
    this.chosen.value = this.cards[this.index].querySelector(".pick").dataset.name;
    this.cards.forEach((card, index) => {
      card.classList.toggle("chosen-card", index === this.index);
      card.querySelector(".pick").setAttribute("aria-pressed", String(index === this.index));
    });
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input[type=search], textarea")) return;
    const digit = /^[0-9]$/.test(event.key) ? this.cards.findIndex((card) => card.dataset.key === event.key) : -1;
    if (digit >= 0) this.choose(digit);
    // A player and a slider move with the arrows, and everything that can be pressed is pressed by the space bar.
    else if (event.target.matches("audio, input")) return;
    else if (event.key === "ArrowRight") this.choose(this.index + 1);
    else if (event.key === "ArrowLeft") this.choose(this.index - 1);
    else if (event.key === " " && !event.target.matches("a, summary, button:not(.pick)")) this.toggle();
    else return;
    event.preventDefault();
  }
}

document.addEventListener("DOMContentLoaded", () => {
  const element = document.querySelector(".deck");
  const cards = [...document.querySelectorAll(".card")].filter((card) => card.querySelector("audio"));
  if (!element || !cards.length) return;
  const deck = new Deck(element, cards);
  document.addEventListener("keydown", (event) => deck.key(event));
  // The space bar presses a button when it is released, which would choose the card again.
  document.addEventListener("keyup", (event) => {
    if (event.key === " " && event.target.matches(".pick")) event.preventDefault();
  });
});
