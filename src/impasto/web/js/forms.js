/** What the forms of the quieter pages share. */

/** Run a form's work when it is sent; what goes wrong is told below it. */
export function onSend(form, work) {
  const line = form.querySelector(".error");
  form.onsubmit = async (event) => {
    event.preventDefault();
    line.hidden = true;
    try {
      await work(new FormData(form));
    } catch (error) {
      if (error.name === "AbortError") return;
      line.textContent = error.message;
      line.hidden = false;
    }
  };
}
